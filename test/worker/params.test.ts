import { beforeAll, expect, test } from 'vitest'
import { call, errorOf, GOOD } from './api.ts'
import {
  type Api,
  addressOf,
  type Described,
  isList,
  methodOf,
  neededOf,
  readApi,
} from './described.ts'
import { fillStore } from './filled-store.ts'
import type { Parameter } from './openapi-shape.ts'

let api: Api

beforeAll(async () => {
  await fillStore()
  api = await readApi()
})

/** What no number, word, ticker, time or cursor is, whatever it looks like. */
const ANYWHERE = [
  ...['', ' ', '-1', '1 ', '１', 'null', 'undefined', '[]', '{}', '%', '%00', "'", '"', '\\', '..'],
  ...['=1+1', '@', 'A B', 'A/B', ',', '😀', 'é', '\u0000', 'A\n', '\u202e', 'x'.repeat(2000)],
]
const NUMBERS = [
  ...['0', '-0', '+1', '00', '1', '007', '1.0', '1.5', '1e2', '0x10', 'Infinity', 'NaN', 'true'],
  ...['1000', '1001', '10000', '10001', '99999', '9007199254740991', '9007199254740992'],
  ...['9007199254740993', '99999999999999999999'],
]
const TICKERS = [
  ...['A', 'a.b_c-D', '0', '.', '-', 'A:B', 'A,B', 'A,A', 'A,,B', 'A,', ',A', 'A, B', 'T1,A B'],
  ...['x'.repeat(128), 'x'.repeat(129), `A,${'x'.repeat(129)}`],
  ...[100, 101].map((count) => Array.from({ length: count }, (_, n) => `T${n}`).join(',')),
]
const TIMES = [
  ...['2026-11-21', '2026-11-21T10:00:00', '2026-11-21 10:00:00Z', '2026-11-21T10:00Z'],
  ...['2026-11-21T10:00:00Z', '2026-11-21t10:00:00z', '2026-11-21T10:00:00.1Z'],
  ...['2026-11-21T10:00:00.123456789Z', '2026-11-21T10:00:00.1234567890Z'],
  ...['2026-11-21T10:00:00+01:00', '2026-11-21T10:00:00-0100', '2026-11-21T10:00:00+01'],
  ...['123456789', '1795345898', '17953458981', '179534589813', '1795345898131', '17953458981313'],
  ...['1795345898131376', '17953458981313760', '1795345898131376000', '-1795345898'],
  ...['yesterday', 'now', '1795345898.5', '2026-W47-6', 'Sat, 21 Nov 2026 10:00:00 GMT'],
]
const CURSORS = [
  ...['1795345898131376~1.QmD51txpz9bidohzYpFmpg3UQOgm35Qgct8hlLUqa1', 'abc', 'a.b', '1.', '.x'],
  `${'x'.repeat(513)}.QmD51txpz9bidohzYpFmpg3UQOgm35Qgct8hlLUqa1I`,
]
const TYPED = [
  ...['fed rate december', '((', '&|!', ':*', '-', 'a:b & !c', "o'brien", 'a <-> b', 'and or not'],
  ...['x'.repeat(100), 'x'.repeat(200), 'x'.repeat(201), 'x '.repeat(100), '😀'.repeat(200)],
]
const TIMED = ['at', 'from', 'to']

/** Texts that come near to what a parameter takes. */
function textsFor({ name, schema }: Parameter): string[] {
  const words = (schema['enum'] ?? []) as string[]
  if (words.length > 0) {
    return [...words, ...words.map((word) => word.toUpperCase()), `${words}`, ...ANYWHERE]
  }
  if (schema['type'] === 'integer') return [...NUMBERS, ...ANYWHERE]
  if (TIMED.includes(name)) return [...TIMES, ...ANYWHERE]
  if (name === 'cursor') return [...CURSORS, ...ANYWHERE]
  const ticker = String(schema['pattern'] ?? '').includes('A-Z') || schema['type'] === 'array'
  return [...(ticker ? TICKERS : TYPED), ...ANYWHERE]
}

/** Texts that have the form of a parameter and mean nothing. */
const UNREAL: readonly string[] = [
  '2026-02-30T00:00:00Z',
  '2026-13-01T00:00:00Z',
  '2026-11-21T24:00:00Z',
  '2026-11-21T10:60:00Z',
  '2026-11-21T10:00:60Z',
  '2026-11-21T10:00:00+24:00',
  '9999-01-01T00:00:00Z',
]

/** The value that a text of a parameter stands for, as OpenAPI has it; the text itself when for none. */
function asValue({ schema }: Parameter, text: string): unknown {
  if (schema['type'] === 'integer') return /^\d+$/.test(text) ? Number(text) : text
  return schema['type'] === 'array' ? text.split(',') : text
}

/** What the Worker says to a text of a parameter: it is taken, it is refused, or we are at fault. */
async function verdict(each: Described, { name }: Parameter, text: string): Promise<string> {
  const answer = await call(addressOf(each, { ...neededOf(each), [name]: text }))
  if (answer.status !== 422) return [200, 404, 503].includes(answer.status) ? 'taken' : 'a fault'
  const { code, param, message } = errorOf(answer)
  // A stream wants its upgrade once all else is right.
  if (param !== name) return param === 'Upgrade' ? 'taken' : `refused for ${param}`
  // A layout is taken in its own format alone.
  if (message.includes('needs Accept')) return 'taken'
  const inside = /select |insert |kb\.|postgres|zod|undefined|\.ts\b/i
  return code === 'invalid_param' && !inside.test(message) ? 'refused' : `told: ${message}`
}

/** Parameters with what is to be tried of each: everything once, and a little wherever the same is taken again. */
function tries() {
  const tried = new Set<string>()
  return api.operations.flatMap((each) =>
    each.parameters.flatMap((parameter, i) => {
      const place = ['paths', each.path, each.method, 'parameters', String(i), 'schema']
      const takes = (text: string) => api.faults(place, asValue(parameter, text)).length === 0
      // An address has no empty part, and none of dots: those are other addresses.
      const inPath = (text: string) => parameter.in === 'path' && /^\.{0,2}$/.test(text)
      const texts = [...new Set(textsFor(parameter))].filter((text) => !inPath(text))
      const kind = JSON.stringify([parameter.name, parameter.schema])
      const again = tried.has(kind)
      tried.add(kind)
      const some = [
        ...texts.filter((text) => !takes(text)).slice(0, 4),
        ...texts.filter(takes).slice(0, 1),
      ]
      return { each, parameter, takes, texts: again ? some : texts }
    }),
  )
}

test('a text is refused, and its parameter named, exactly when the document does not take it', async () => {
  const faults: string[] = []
  await atOnce(
    tries().flatMap(({ texts, ...one }) => texts.map((text) => ({ ...one, text }))),
    async ({ each, parameter, takes, text }) => {
      // A cursor that has the right form is still none of ours.
      const right = takes(text) && parameter.name !== 'cursor' ? 'taken' : 'refused'
      const got = await verdict(each, parameter, text)
      const which = `${each.path} ${parameter.name}=${JSON.stringify(text).slice(0, 80)}`
      if (got !== right) faults.push(`${which}: ${got}, and ${right} by the document`)
    },
  )
  expect(faults).toEqual([])
}, 120_000)

/** Does some work for each of many, a few at once. */
async function atOnce<Item>(items: readonly Item[], work: (item: Item) => Promise<void>) {
  const left = items.values()
  const worker = async () => {
    for (const item of left) await work(item)
  }
  await Promise.all(Array.from({ length: 6 }, worker))
}

test('a text that has the form of a time and is none is refused', async () => {
  const faults: string[] = []
  for (const { each, parameter } of tries().filter((one) => TIMED.includes(one.parameter.name))) {
    for (const text of UNREAL) {
      const got = await verdict(each, parameter, text)
      if (got !== 'refused') faults.push(`${each.path} ${parameter.name}=${text}: ${got}`)
    }
  }
  expect(faults).toEqual([])
})

test('at and from may be 2 s ahead of us and no more; to may lie in the future', async () => {
  const faults: string[] = []
  for (const { each, parameter } of tries().filter((one) => TIMED.includes(one.parameter.name))) {
    const ahead = (ms: number) => verdict(each, parameter, new Date(Date.now() + ms).toISOString())
    const later = parameter.name === 'to' ? 'taken' : 'refused'
    const got = [await ahead(1500), await ahead(60_000)]
    if (got.join() !== ['taken', later].join())
      faults.push(`${each.path} ${parameter.name}: ${got}`)
  }
  expect(faults).toEqual([])
})

test('a parameter that is given twice is refused, and so is one that is not known', async () => {
  const faults: string[] = []
  for (const each of api.operations) {
    const address = addressOf(each, neededOf(each))
    const and = address.includes('?') ? '&' : '?'
    for (const name of ['surprise', '__proto__', 'constructor', 'api_key', 'AT', ' at']) {
      const answer = await call(
        `${address}${and}${encodeURIComponent(name)}=1`,
        GOOD,
        methodOf(each),
      )
      const error = answer.status === 422 ? errorOf(answer) : null
      if (error?.param !== name) faults.push(`${address} ${name}: ${answer.status}`)
    }
    for (const { name, in: where, example } of each.parameters) {
      if (where === 'path') continue
      const once = addressOf(each, { ...neededOf(each), [name]: example })
      const twice = `${once}&${name}=${encodeURIComponent(String(example))}`
      const answer = await call(twice)
      const error = answer.status === 422 ? errorOf(answer) : null
      if (error?.param !== name) faults.push(`${twice}: ${answer.status} ${error?.param}`)
    }
  }
  expect(faults).toEqual([])
})

test('what must be given is missed', async () => {
  for (const each of api.operations) {
    for (const { name, in: where, required } of each.parameters) {
      if (where === 'path' || !required) continue
      const { [name]: _, ...others } = neededOf(each)
      const answer = await call(addressOf(each, others))
      expect(errorOf(answer)).toMatchObject({ code: 'invalid_param', param: name })
    }
  }
})

/** Ways to spoil a cursor. */
const SPOILT: readonly ((cursor: string) => string)[] = [
  (cursor) => cursor.slice(0, -1),
  (cursor) => `${cursor}A`,
  (cursor) => cursor.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A')),
  (cursor) => cursor.replace(/^./, (first) => (first === '1' ? '2' : '1')),
  (cursor) => cursor.replace(/\.[^.]*$/, ''),
  (cursor) => cursor.replace(/\.([^.]*)$/, '~$1'),
  (cursor) => `${cursor} `,
  (cursor) => cursor.toUpperCase(),
  (cursor) => `1~${cursor}`,
  (cursor) => `${cursor}\u0000`,
  (cursor) => encodeURIComponent(`${cursor}%`),
]

test('a cursor that was touched, or made for another list or other parameters, is refused', async () => {
  const faults: string[] = []
  const cursors = new Map<string, string>()
  for (const each of api.operations.filter(isList)) {
    const values = { ...neededOf(each), limit: 1 }
    const { body } = await call(addressOf(each, values))
    const cursor = body['next_cursor']
    if (typeof cursor !== 'string') {
      faults.push(`${each.path} has no second row`)
      continue
    }
    cursors.set(each.path, cursor)
    const tryOne = async (what: string, more: Record<string, unknown>) => {
      const answer = await call(addressOf(each, { ...values, cursor, ...more }))
      const error = answer.status === 422 ? errorOf(answer) : null
      if (error?.param !== 'cursor') faults.push(`${each.path} ${what}: ${answer.status}`)
    }
    for (const [n, spoil] of SPOILT.entries())
      await tryOne(`spoilt ${n}`, { cursor: spoil(cursor) })
    await tryOne('other order', { order: 'desc' })
    for (const { name, in: where, example, schema } of each.parameters) {
      if (['cursor', 'limit', 'order', 'layout', 'dry_run'].includes(name)) continue
      const words = schema['enum'] as string[] | undefined
      const other = words?.at(-1) ?? (Array.isArray(example) ? example.slice(1) : example)
      await tryOne(name, { [name]: where === 'path' ? `${String(example)}9` : other })
    }
  }
  for (const each of api.operations.filter(isList)) {
    for (const [path, cursor] of cursors) {
      if (path === each.path) continue
      const answer = await call(addressOf(each, { ...neededOf(each), cursor }))
      const error = answer.status === 422 ? errorOf(answer) : null
      if (error?.param !== 'cursor')
        faults.push(`${each.path} with one of ${path}: ${answer.status}`)
    }
  }
  expect(faults).toEqual([])
})
