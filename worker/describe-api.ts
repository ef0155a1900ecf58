import type { OpenAPIHono } from '@hono/zod-openapi'
import { API_ERROR_STATUS } from '#core/api-error'
import { isPriced } from '#core/route-cost'
import type { App } from './context.ts'
import { KEYED } from './describe-read.ts'
import { EXAMPLE_REQUEST_ID, refusalComponents } from './describe-refusal.ts'
import { operationId } from './operation-id.ts'

const ABOUT = `Every order book of the Kalshi exchange, live and at any past instant. What is served is what the exchange said; where we do not know, we say so.

**Keys.** \`Authorization: Bearer kb_live_…\` or \`X-API-Key: kb_live_…\`, never in the address. Where an operation names scopes, a key with any one of them may call it; an order book takes \`live\` for now and \`history\` for an instant. Every address answers GET alone, but for that which makes tickets, which answers POST; a parameter that is not in this document is refused.

**Numbers.** Prices and sizes are decimal strings: prices in dollars with four decimals, or six when finer; sizes in contracts with two. A \`*_ts\` is RFC 3339 in UTC with microseconds, a \`*_us\` an integer of microseconds since 1970. Ladders are best first. Fields are added, never changed: ignore those you do not know.

**Lists.** A page of JSON has \`next_cursor\`, null when there is no more up to \`meta.through_us\`; rows at or below that are final. \`Accept: application/x-ndjson\` or \`text/csv\` streams the same rows without a page limit, packed when \`Accept-Encoding\` names gzip. NDJSON ends with a line \`{"type":"end",…}\` or \`{"type":"error",…}\`; no such line means that it is incomplete.

**Caching.** A past older than 15 minutes may be kept for an hour; younger ones are asked for again with \`If-None-Match\`, and 304 costs nothing; streamed rows, live and unknown books and refusals may not be kept.

**Credits.** A book costs 1; records, trades and candles 1 per 1,000 rows or part; a page of metadata 1; what an account asks of itself nothing. What fails costs nothing, but counts for the rate. \`dry_run=1\` on what costs credits takes part of the rate and answers \`{"data":{"credits":n}}\`, the most that the request can cost, null for a stream without a limit. A stream is paid in blocks of 10,000 rows, each before it is sent; one whose next block cannot be paid breaks off with \`quota_exceeded\` and a cursor. A free plan reads the last 30 days: lists without from begin there, and what is older is \`forbidden\`.

**Refusals.** All have one envelope, \`{"error":{"code","message","param"?,"doc_url","retry_after_ms"?,"covered"?},"request_id"}\`, and cost nothing. Codes: ${Object.entries(
  API_ERROR_STATUS,
)
  .map(([code, status]) => `\`${code}\` ${status}`)
  .join(', ')}.`

const TAGS = [
  { name: 'Books', description: 'Order books, now and at any past instant' },
  { name: 'The record', description: 'The log of every book, trades, candles, and what is known' },
  { name: 'Metadata', description: 'Markets, events and series' },
  { name: 'Account', description: 'Whose key it is, what it may do, and what was used' },
  { name: 'Service', description: 'How the service does, and this document' },
]

const HEADERS = {
  'X-Request-Id': {
    description: 'Ours; name it when you ask about an answer',
    required: true,
    schema: { type: 'string', pattern: '^req_[0-9a-f]{32}$' },
    example: EXAMPLE_REQUEST_ID,
  },
  'X-Credits-Cost': {
    description:
      'Credits that this answer cost. A stream does not bear it: what it cost is known at its end, where NDJSON says it',
    required: false,
    schema: { type: 'integer', minimum: 0 },
    example: 1,
  },
  'X-Credits-Remaining': {
    description:
      'Credits that may still be spent this month after this answer, overage within its cap counted. Absent where they are not known: of streams, and of who is not known',
    required: false,
    schema: { type: 'integer', minimum: 0 },
    example: 2_879_579,
  },
  'RateLimit-Policy': {
    description:
      'The limit: q requests in w seconds. `plan` is that of the account; `address` is told to who is not known: keys that nobody has may be tried so often',
    required: false,
    schema: { type: 'string', pattern: '^"(?:plan|address)";q=\\d+;w=\\d+$' },
    example: '"plan";q=200;w=2',
  },
  RateLimit: {
    description: 'How it stands: r may still come now, and after t seconds all may again',
    required: false,
    schema: { type: 'string', pattern: '^"(?:plan|address)";r=\\d+;t=\\d+$' },
    example: '"plan";r=199;t=1',
  },
  'Cache-Control': {
    description: 'Who may keep the answer, and for how long (s)',
    required: true,
    schema: { type: 'string' },
    example: 'private, max-age=3600',
  },
  Vary: {
    description: 'What an answer depends on beside its address',
    required: true,
    schema: { type: 'string' },
    example: 'Authorization, X-API-Key, Accept, Accept-Encoding',
  },
  ETag: {
    description: 'Of `data`, for If-None-Match; absent where an answer may not be kept',
    schema: { type: 'string', pattern: '^"[\\w-]+"$' },
    example: '"dGhlIGRhdGEgb2YgaXQ_Zs8k"',
  },
  'X-Holes': {
    description:
      'The holes of a stream, as from_us-to_us, in CSV too: what `meta.holes` is of a page. Absent when there are none',
    schema: { type: 'string' },
    example: '1795345898131376-1795345899731376, 1795349898131376-',
  },
  'Retry-After': {
    description: 'Seconds after which another try may succeed',
    required: true,
    schema: { type: 'integer', minimum: 1 },
    example: 1,
  },
} as const

const SECURITY_SCHEMES = {
  bearer: { type: 'http', scheme: 'bearer', description: 'An API key: kb_live_…' },
  apiKey: { type: 'apiKey', in: 'header', name: 'X-API-Key', description: 'The same API key' },
  ticket: {
    type: 'apiKey',
    in: 'header',
    name: 'Sec-WebSocket-Protocol',
    description: '`kb.v1, kbt_…`: a ticket, offered beside the subprotocol; for streams alone',
  },
} as const

type Document = ReturnType<OpenAPIHono<App>['getOpenAPI31Document']>

/** Describes all routes of the app as OpenAPI 3.1. @param publicUrl the address of the API; '' when it is not known */
export function describeApi(app: OpenAPIHono<App>, publicUrl: string): Document {
  const info = { title: 'KalshiBook', version: '1.0.0', description: ABOUT }
  const servers = publicUrl === '' ? [] : [{ url: publicUrl }]
  const document = app.getOpenAPI31Document({
    openapi: '3.1.1',
    info,
    ...(servers.length > 0 ? { servers } : {}),
    tags: TAGS,
    security: KEYED,
  })
  const { schemas } = document.components ?? {}
  const components = {
    ...(schemas === undefined ? {} : { schemas }),
    headers: HEADERS,
    securitySchemes: SECURITY_SCHEMES,
    ...refusalComponents(publicUrl),
  }
  const { webhooks: _, ...rest } = document
  return whole({ ...rest, paths: named(document.paths ?? {}), components })
}

/** Says of each tuple that it has all its parts, which the generator leaves out. */
function whole<Value>(value: Value): Value {
  if (Array.isArray(value)) return value.map(whole) as Value
  if (value === null || typeof value !== 'object') return value
  const fields = Object.fromEntries(
    Object.entries(value).map(([name, each]) => [name, whole(each)]),
  )
  const parts: unknown = fields['prefixItems']
  if (!Array.isArray(parts)) return fields as Value
  return { ...fields, minItems: parts.length, maxItems: parts.length } as Value
}

/** What every operation that costs credits takes. */
const DRY_RUN = {
  name: 'dry_run',
  in: 'query',
  required: false,
  description:
    'Answers {"data":{"credits":n}} in place of the data: the most that the request can cost, null for no bound. It costs no credits',
  schema: { type: 'string', enum: ['1'] },
  example: '1',
} as const

/** Gives each operation its id, and what all that cost credits take. */
function named(paths: NonNullable<Document['paths']>): NonNullable<Document['paths']> {
  return Object.fromEntries(
    Object.entries(paths).map(([path, { get, ...other }]) => {
      if (get === undefined) return [path, other]
      const parameters = isPriced(path) ? [...(get.parameters ?? []), DRY_RUN] : get.parameters
      const list = JSON.stringify(get.responses).includes('next_cursor')
      const verb = path.endsWith('/stream') ? 'open' : list ? 'list' : 'get'
      return [
        path,
        {
          ...other,
          get: {
            operationId: operationId(verb, path),
            ...get,
            ...(parameters === undefined ? {} : { parameters }),
          },
        },
      ]
    }),
  )
}
