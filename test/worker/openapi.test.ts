import { env, exports } from 'cloudflare:workers'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { API_ERROR_STATUS } from '#core/api-error'
import { hasCost } from '#core/route-cost'
import { makeApp } from '../../worker/app.ts'
import { type Answer, call, GOOD } from './api.ts'
import { TestCollector } from './collector.ts'
import {
  type Api,
  addressOf,
  answerFaults,
  type Described,
  isList,
  methodOf,
  neededOf,
  readApi,
} from './described.ts'
import { fillStore, MARKET } from './filled-store.ts'
import { openapiShape } from './openapi-shape.ts'
import { setLease } from './store.ts'

const EPOCH = 9000
const collector = new TestCollector(EPOCH)
let api: Api

beforeAll(async () => {
  await fillStore()
  await setLease(EPOCH)
  collector.known(MARKET)
  await collector.connect()
  api = await readApi()
})

afterAll(() => collector.fallSilent())

const isStream = ({ path }: Described) => path.endsWith('/stream')
const reads = () => api.operations.filter((each) => !isStream(each))

test('the document is OpenAPI 3.1', () => {
  expect(openapiShape.safeParse(api.document).error?.issues).toBeUndefined()
})

test('every address of the app is in the document, and every one of the document in the app', () => {
  const routes = makeApp()
    .routes.filter(
      ({ method, path }) => method !== 'ALL' && /^\/(v1\/|openapi|asyncapi)/.test(path),
    )
    .map(({ path }) => path.replace(/:(\w+)/g, '{$1}'))
  expect(Object.keys(api.document.paths).sort()).toEqual([...new Set(routes)].sort())
  expect(JSON.stringify(api.document)).not.toContain('internal/')
})

test('the gate knows what each address costs that takes a key', () => {
  const keyed = api.operations.filter(({ operation }) => operation.security?.length !== 0)
  expect(keyed.map(({ path }) => path).filter((path) => !hasCost(path))).toEqual([])
})

test('each operation has a name of its own, a tag and a scheme that are declared, and only parameters of its path', () => {
  const { document, operations } = api
  const ids = operations.map(({ operation }) => operation.operationId)
  expect(new Set(ids).size).toBe(ids.length)
  const tags = document.tags.map(({ name }) => name)
  const schemes = Object.keys(document.components.securitySchemes)
  for (const { path, operation, parameters } of operations) {
    expect(tags, path).toContain(operation.tags?.[0])
    const needed = operation.security ?? document.security
    for (const each of needed) expect(schemes).toContain(Object.keys(each)[0])
    const inPath = parameters.filter((each) => each.in === 'path')
    expect(inPath.map(({ name }) => `{${name}}`)).toEqual(path.match(/\{\w+\}/g) ?? [])
    for (const each of inPath) expect(each.required).toBe(true)
    const names = parameters.map((each) => `${each.in} ${each.name}`)
    expect(new Set(names).size).toBe(names.length)
  }
})

test('every reference leads to something', () => {
  const text = JSON.stringify(api.document)
  for (const [, pointer = ''] of text.matchAll(/"\$ref":"#\/([^"]+)"/g)) {
    let place: unknown = api.document
    for (const name of pointer.split('/')) place = (place as Record<string, unknown>)[name]
    expect(place, pointer).toBeDefined()
  }
})

test('every parameter has an example that its schema takes', () => {
  const faults = api.operations.flatMap(({ path, method, parameters }) =>
    parameters.flatMap(({ name, example }, i) => {
      const place = ['paths', path, method, 'parameters', String(i), 'schema']
      const found = example === undefined ? ['has no example'] : api.faults(place, example)
      return found.map((fault) => `${path} ${name}: ${fault}`)
    }),
  )
  expect(faults).toEqual([])
})

test('every answer has an example that its schema takes, and a refusal one of each code', () => {
  const { document, operations } = api
  const faults: string[] = []
  for (const { path, method, operation } of operations) {
    for (const [status, { content = {} }] of Object.entries(operation.responses)) {
      for (const [type, { example, examples }] of Object.entries(content)) {
        const place = ['paths', path, method, 'responses', status, 'content', type, 'schema']
        const named = Object.entries(examples ?? {}).map(([code, each]) => {
          if (!('$ref' in each)) return each.value
          expect(each.$ref).toBe(`#/components/examples/${code}`)
          return document.components.examples[code]?.value
        })
        const values = [...named, ...(example === undefined ? [] : [example])]
        const found = values.flatMap((value) => api.faults(place, value))
        if (values.length === 0) found.push('has no example')
        faults.push(...found.map((fault) => `${path} ${status} ${type}: ${fault}`))
      }
      if (Number(status) < 400) continue
      const codes = Object.keys(content['application/json']?.examples ?? {})
      for (const code of codes) {
        expect(API_ERROR_STATUS[code as keyof typeof API_ERROR_STATUS]).toBe(Number(status))
      }
    }
  }
  expect(faults).toEqual([])
  expect(Object.keys(document.components.examples).sort()).toEqual(
    Object.keys(API_ERROR_STATUS).sort(),
  )
})

/** Which layouts a list has in which format. */
const LAYOUTS = { json: ['plain'], ndjson: ['plain', 'stream'], csv: ['plain', 'tardis'] } as const

/** What an operation needs, and then that with each of what else it takes in a format. */
function askings(each: Described, format: keyof typeof LAYOUTS): Record<string, unknown>[] {
  const needed = neededOf(each)
  const more = each.parameters
    // What a dry run answers is told by its own test.
    .filter(({ required, name }) => !required && name !== 'cursor' && name !== 'dry_run')
    .flatMap(({ name, example, schema }) => {
      const words = name === 'layout' ? LAYOUTS[format] : (schema['enum'] ?? [example])
      return (words as unknown[]).map((value) => ({ ...needed, [name]: value }))
    })
  return [needed, ...more]
}

/** Calls, and says where the answer is not 200 or not what the document says. */
async function faultsOfCall(each: Described, address: string): Promise<string[]> {
  const answer = await call(address, GOOD, methodOf(each))
  const faults = [...answerFaults(api, each, answer), ...metaFaults(answer)]
  if (answer.status !== 200) faults.push(JSON.stringify(answer.body))
  return faults.map((fault) => `${address}: ${answer.status}: ${fault}`)
}

/** Where the envelope says something else than the headers. */
function metaFaults({ body, headers }: Answer): string[] {
  const meta = body['meta'] as { credits: number; request_id: string } | undefined
  if (meta === undefined) return []
  const same =
    headers.get('X-Credits-Cost') === String(meta.credits) &&
    headers.get('X-Request-Id') === meta.request_id
  return same ? [] : [`meta ${JSON.stringify(meta)} and ${JSON.stringify([...headers])} differ`]
}

test('each operation answers its examples with what the document says', async () => {
  const faults: string[] = []
  for (const each of reads()) {
    for (const values of askings(each, 'json')) {
      faults.push(...(await faultsOfCall(each, addressOf(each, values))))
    }
  }
  expect(faults).toEqual([])
}, 60_000)

test('each list goes on from its cursor', async () => {
  const faults: string[] = []
  const ended: string[] = []
  for (const each of reads().filter(isList)) {
    const needed = { ...neededOf(each), limit: 1 }
    const first = await call(addressOf(each, needed))
    const cursor = first.body['next_cursor']
    if (first.status !== 200) faults.push(JSON.stringify(first.body))
    if (cursor === null) ended.push(each.path)
    if (cursor === null || first.status !== 200) continue
    const address = addressOf(each, { ...needed, cursor })
    faults.push(...(await faultsOfCall(each, address)))
    const second = await call(address)
    if (JSON.stringify(second.body['data']) === JSON.stringify(first.body['data'])) {
      faults.push(`${address}: the same page again`)
    }
  }
  expect(faults).toEqual([])
  expect(ended).toEqual([])
})

/** A good key's answer in a format, its body as text. */
async function stream(address: string, accept: string) {
  const headers = { Authorization: `Bearer ${env.TEST_KEYS.good}`, Accept: accept }
  const request = new Request(`https://kalshibook.test${address}`, { headers })
  const answer = await exports.default.fetch(request)
  return { status: answer.status, headers: answer.headers, body: await answer.text() }
}

test('each list streams its examples as NDJSON, each line as the document says', async () => {
  const faults: string[] = []
  for (const each of reads().filter(isList)) {
    for (const values of askings(each, 'ndjson')) {
      const address = addressOf(each, values)
      const { body, ...answer } = await stream(address, 'application/x-ndjson')
      const lines = body
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as object)
      for (const line of lines) {
        const found = answerFaults(api, each, { ...answer, body: line })
        faults.push(...found.map((fault) => `${address}: ${fault}: ${JSON.stringify(line)}`))
      }
      if (answer.status !== 200) faults.push(`${address}: ${body}`)
      const end = lines.at(-1)
      if (!('type' in (end ?? {})) || (end as { type: string }).type !== 'end') {
        faults.push(`${address}: ends with ${JSON.stringify(end)}`)
      }
    }
  }
  expect(faults).toEqual([])
}, 60_000)

test('a layout is refused in a format that has none of it', async () => {
  for (const each of reads().filter(isList)) {
    if (!each.parameters.some(({ name }) => name === 'layout')) continue
    for (const [format, layout] of [
      ['application/json', 'stream'],
      ['application/json', 'tardis'],
      ['application/x-ndjson', 'tardis'],
      ['text/csv', 'stream'],
    ] as const) {
      const { status, body } = await stream(addressOf(each, { ...neededOf(each), layout }), format)
      expect(status).toBe(422)
      expect(JSON.parse(body)).toMatchObject({ error: { param: 'layout', code: 'invalid_param' } })
    }
  }
})

test('each list streams its examples as CSV, each line of as many cells as the header', async () => {
  const faults: string[] = []
  for (const each of reads().filter(isList)) {
    for (const values of askings(each, 'csv')) {
      const address = addressOf(each, values)
      const answer = await stream(address, 'text/csv')
      const found = answerFaults(api, each, answer)
      if (answer.status !== 200) found.push(`${answer.status} ${answer.body}`)
      const rows = readCsv(answer.body)
      const widths = new Set(rows.map((row) => row.length))
      if (widths.size !== 1) found.push(`rows of ${[...widths].join(', ')} cells`)
      const formulas = rows
        .slice(1)
        .flat()
        .filter((cell) => /^[=+@-]/.test(cell))
      found.push(...formulas.filter((cell) => Number.isNaN(Number(cell))))
      faults.push(...found.map((fault) => `${address}: ${fault}`))
    }
  }
  expect(faults).toEqual([])
}, 60_000)

test('a text that a spreadsheet would take for a formula is none in CSV', async () => {
  const { body } = await stream('/v1/markets?series=KXFORMULA', 'text/csv')
  expect(readCsv(body).flat()).toContain(`'=HYPERLINK("https://x.test","free")`)
  expect(body).not.toMatch(/(?:^|[,\n]|")[=@]/)
})

/** Reads RFC 4180 with LF. */
function readCsv(text: string): string[][] {
  const cells = [...text.matchAll(/("(?:[^"]|"")*"|[^",\n]*)(,|\n)/g)]
  const rows: string[][] = [[]]
  for (const [, cell = '', end] of cells) {
    const bare = cell.startsWith('"') ? cell.slice(1, -1).replaceAll('""', '"') : cell
    rows.at(-1)?.push(bare)
    if (end === '\n') rows.push([])
  }
  return rows.slice(0, -1)
}
