import { z } from 'zod'
import { INSTANT_SHAPE } from '#core/instant'
import { visitorMayCall } from '#core/visitor-bounds'
import { LONGEST_CONFLATION_MS, STREAM_CHANNELS, STREAM_DEPTHS } from '#core/wire/stream-command'
import type { FieldKind, Operation, OperationField } from './operation.ts'

const schema = z.object({
  type: z.string().optional(),
  enum: z.array(z.string()).optional(),
  pattern: z.string().optional(),
  minimum: z.number().optional(),
  maximum: z.number().optional(),
  default: z.union([z.string(), z.number()]).optional(),
  description: z.string().optional(),
})
const example = z.union([z.string(), z.number(), z.array(z.string())]).optional()
const parameter = z.object({
  name: z.string(),
  in: z.enum(['path', 'query']),
  required: z.boolean().default(false),
  description: z.string().default(''),
  schema,
  example,
})
const bodySchema = z.object({
  properties: z.record(z.string(), schema).default({}),
  required: z.array(z.string()).default([]),
})
const operation = z.object({
  operationId: z.string(),
  tags: z.tuple([z.string()]),
  summary: z.string(),
  description: z.string().default(''),
  security: z.array(z.unknown()).optional(),
  parameters: z.array(parameter).default([]),
  requestBody: z
    .object({ content: z.object({ 'application/json': z.object({ schema: bodySchema }) }) })
    .optional(),
  responses: z.record(
    z.string(),
    z.object({ content: z.record(z.string(), z.unknown()).optional() }),
  ),
})
const described = z.object({
  tags: z.array(z.object({ name: z.string() })),
  paths: z.record(z.string(), z.object({ get: operation.optional(), post: operation.optional() })),
})

/** What is asked in place of the data, and by the playground alone. */
const DRY_RUN = 'dry_run'

/** Every endpoint of an OpenAPI document of ours, in the order of its tags. Throws on a document of another kind. */
export function readOperations(document: unknown): Operation[] {
  const { tags, paths } = described.parse(document)
  const all = Object.entries(paths).flatMap(([path, { get, post }]) => [
    ...(get === undefined ? [] : [operationOf(path, 'GET', get)]),
    ...(post === undefined ? [] : [operationOf(path, 'POST', post)]),
  ])
  return tags.flatMap(({ name }) => all.filter(({ tag }) => tag === name))
}

function operationOf(
  path: string,
  method: Operation['method'],
  given: z.infer<typeof operation>,
): Operation {
  const { parameters, responses } = given
  const stream = responses['101'] !== undefined
  const body = given.requestBody?.content['application/json'].schema
  const fields = [
    ...parameters
      .filter(({ name }) => name !== DRY_RUN)
      .map((each) => fieldOf(each, each.in, each.schema)),
    ...Object.entries(body?.properties ?? {}).map(([name, each]) =>
      fieldOf(
        {
          name,
          required: body?.required.includes(name) ?? false,
          description: each.description ?? '',
        },
        'body',
        each,
      ),
    ),
    ...(stream ? subscribeFields(path === '/v1/stream') : []),
  ]
  return {
    id: given.operationId,
    tag: given.tags[0],
    method,
    path,
    summary: given.summary,
    about: given.description,
    fields: [...fields].sort((a, b) => Number(b.required) - Number(a.required)),
    formats: Object.keys(responses['200']?.content ?? {}),
    priced: parameters.some(({ name }) => name === DRY_RUN),
    stream,
    open: given.security?.length === 0,
    visitors: given.security?.length === 0 || visitorMayCall(path),
  }
}

type Told = Pick<z.infer<typeof parameter>, 'name' | 'required' | 'description'> & {
  readonly example?: string | number | string[] | undefined
}

function fieldOf(
  { name, required, description, example: shown }: Told,
  where: OperationField['where'],
  { enum: choices, minimum, maximum, default: fallback, ...rest }: z.infer<typeof schema>,
): OperationField {
  return {
    name,
    where,
    kind: kindOf(name, { enum: choices, ...rest }),
    required,
    about: description,
    ...(choices === undefined ? {} : { choices }),
    ...(minimum === undefined ? {} : { least: minimum }),
    ...(maximum === undefined ? {} : { most: maximum }),
    ...(fallback === undefined ? {} : { fallback: String(fallback) }),
    ...(shown === undefined ? {} : { example: String(shown) }),
  }
}

function kindOf(name: string, { type, enum: choices, pattern }: z.infer<typeof schema>): FieldKind {
  if (choices !== undefined) return 'choice'
  if (type === 'integer') return 'number'
  if (name === 'ticker' || name === 'market') return 'market'
  if (name === 'tickers') return 'markets'
  if (name === 'event' || name === 'series') return name
  return pattern === INSTANT_SHAPE.source ? 'instant' : 'text'
}

/** What the first message of a stream says: AsyncAPI describes it. @param any of a stream of any markets */
function subscribeFields(any: boolean): OperationField[] {
  const channels: OperationField = {
    name: 'channels',
    where: 'subscribe',
    kind: 'several',
    required: false,
    about: 'What the stream tells',
    choices: [...STREAM_CHANNELS],
    fallback: 'book',
  }
  if (!any) return [channels]
  return [
    {
      name: 'markets',
      where: 'subscribe',
      kind: 'markets',
      required: true,
      about: 'Tickers of markets, with commas between them',
    },
    channels,
    {
      name: 'depth',
      where: 'subscribe',
      kind: 'choice',
      required: false,
      about: 'Levels of each side; all when absent',
      choices: STREAM_DEPTHS.map(String),
    },
    {
      name: 'conflate_ms',
      where: 'subscribe',
      kind: 'number',
      required: false,
      about: 'Changes of a market are gathered for so long (ms)',
      least: 0,
      most: LONGEST_CONFLATION_MS,
      fallback: '0',
    },
  ]
}
