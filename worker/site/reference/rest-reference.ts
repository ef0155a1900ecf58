import { costOf } from '#core/route-cost'
import { foldJson } from '../build/fold-json.mjs'
import { type Block, blocksOf } from './block.ts'
import {
  type OpenapiDocument,
  type Operation,
  openapiDocument,
  type Parameter,
} from './openapi-schema.ts'
import { fieldsOf, typeOf } from './schema-fields.ts'

const JSON_TYPE = 'application/json'
/** Texts that have a form of their own, by what their pattern has in it. */
const FORMS = [
  ['\\d{10}|', '[time](/docs/timestamps#in-requests)'],
  ['{1,512}', 'cursor'],
  ['._-]{1,128}', 'ticker'],
] as const
const COSTS: Readonly<Record<ReturnType<typeof costOf>, string>> = {
  book: '1 credit',
  books: '1 credit for each book that is known',
  event_books: '1 credit for each book that is known',
  rows: '1 credit for 1,000 rows or part of them',
  page: '1 credit for a page',
  free: 'free',
}

/** The reference of the REST API, from what it says of itself. Throws a ZodError when that is no such document. */
export function describeRest(document: unknown): Block[] {
  const api = openapiDocument.parse(document)
  const operations = Object.entries(api.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  )
  return [
    ...blocksOf(api.info.description),
    ...api.tags.flatMap(({ name, description }): Block[] => [
      { kind: 'heading', depth: 2, id: name.toLowerCase().replaceAll(' ', '-'), text: name },
      { kind: 'text', text: `${description}.` },
      ...operations
        .filter(({ operation }) => operation.tags.includes(name))
        .flatMap(({ path, method, operation }) => describeOperation(api, path, method, operation)),
    ]),
  ]
}

function describeOperation(
  api: OpenapiDocument,
  path: string,
  method: string,
  operation: Operation,
): Block[] {
  const { operationId, summary, description, parameters } = operation
  // It may be broken after each slash.
  const short = path.replace(/^\/v1/, '').replaceAll('/', '/\u200b')
  const verb = method.toUpperCase()
  return [
    { kind: 'heading', depth: 3, id: operationId, text: `\`${verb} ${path}\``, short },
    { kind: 'text', text: `${summary}. ${description}`.trim() },
    {
      kind: 'text',
      text: `${termsOf(path, operation)} ${tryIt(path, method, operationId)}`.trim(),
    },
    ...(parameters.length === 0 ? [] : [describeParameters(parameters)]),
    ...describeBody(operation),
    ...describeAnswer(api, operation),
    { kind: 'text', text: `**Refusals.** ${refusalsOf(operation)}.` },
  ]
}

function termsOf(path: string, { security }: Operation): string {
  const scopes = [...new Set((security ?? []).flatMap((each) => Object.values(each).flat()))]
  const scope = scopes.map((each) => `\`${each}\``).join(', ')
  if (security?.length === 0) return '**No key is needed.**'
  const stream = path.endsWith('/stream')
  const cost = stream ? '1 credit for 100 market-minutes' : COSTS[costOf(path)]
  return `**Scope:** ${scope}. **Cost:** ${cost}.`
}

function tryIt(path: string, method: string, operationId: string): string {
  if (path.endsWith('/stream')) return 'Its messages: [stream reference](/docs/streams).'
  return method === 'get' && path.startsWith('/v1/')
    ? `[Try it](/playground#op=${operationId})`
    : ''
}

function describeParameters(parameters: readonly Parameter[]): Block {
  const rows = parameters.map((parameter) => {
    const { name, required, description, example, schema } = parameter
    const place = parameter.in === 'path' ? ' (path)' : ''
    const told = example === undefined || schema['enum'] !== undefined
    const like = told ? '' : ` For example \`${String(example)}\`.`
    const initial =
      schema['default'] === undefined ? '' : ` Unless given: \`${schema['default']}\`.`
    const words = `${description.replace(/\.$/, '')}.${initial}${like}`
    return [`\`${name}\`${required ? ' **required**' : ''}${place}`, boundsOf(schema), words]
  })
  return { kind: 'table', head: ['Parameter', 'May be', 'What it does'], rows }
}

function boundsOf(schema: Parameter['schema']): string {
  const { minimum, maximum, pattern, items, maxItems } = schema
  if (typeof items === 'object' && items !== null) {
    return `1 to ${String(maxItems)} of ${boundsOf(items as Parameter['schema'])}`
  }
  if (typeof pattern === 'string') {
    const form = FORMS.find(([sign]) => pattern.includes(sign))
    const most = /\{1,(\d+)\}\$$/.exec(pattern)?.[1]
    return form?.[1] ?? (most === undefined ? 'text' : `1 to ${most} characters`)
  }
  const most = maximum === Number.MAX_SAFE_INTEGER ? 'any' : String(maximum)
  if (typeof minimum === 'number') return `integer, ${minimum} to ${most}`
  return typeOf(schema, () => ({}))
}

function describeBody({ requestBody }: Operation): Block[] {
  const body = requestBody?.content[JSON_TYPE]
  if (body === undefined) return []
  const rows = fieldsOf(body.schema ?? {}, () => ({})).map((field) => [
    `\`${field.name}\``,
    field.words,
  ])
  return [
    { kind: 'text', text: '**Body.** JSON, every field of which may be left out.' },
    { kind: 'table', head: ['Field', 'What it does'], rows },
    printed(body.example),
  ]
}

function describeAnswer(api: OpenapiDocument, { responses }: Operation): Block[] {
  const answer = responses['200'] ?? responses['101']
  if (answer === undefined || '$ref' in answer) return []
  const body = answer.content?.[JSON_TYPE]
  const words: Block = { kind: 'text', text: `**Answer.** ${answer.description}.` }
  if (body?.schema === undefined) return [words]
  const read = (ref: string) => api.components.schemas[ref.split('/').at(-1) ?? ''] ?? {}
  const rows = fieldsOf(body.schema, read).map((field) => [
    `\`${field.name}\``,
    field.type,
    field.words,
  ])
  const fields: Block = { kind: 'table', head: ['Field', 'Is', 'What it says'], rows }
  return [
    words,
    printed(body.example),
    ...(rows.length < 5
      ? []
      : [{ kind: 'more' as const, summary: 'Every field', blocks: [fields] }]),
  ]
}

/** The codes of what is refused; the responses' descriptions name them. */
function refusalsOf({ responses }: Operation): string {
  return Object.entries(responses)
    .filter(([status]) => Number(status) >= 400)
    .flatMap(([status, answer]) => {
      const codes = '$ref' in answer ? [] : [...answer.description.matchAll(/`(\w+)`/g)]
      return codes.map(([, code]) => `${status} [\`${code}\`](/docs/errors#${code})`)
    })
    .join(', ')
}

/** JSON with short things on one line. */
function printed(value: unknown): Block {
  return { kind: 'code', language: 'json', text: foldJson(value) }
}
