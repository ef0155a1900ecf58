import { API_ERROR_STATUS, type ApiErrorCode } from '#core/api-error'
import { type ErrorEnvelope, errorEnvelope } from '#core/wire/api'

/** Under which name a request id stands in every example. */
export const EXAMPLE_REQUEST_ID = 'req_4f1d2c3b4a5968778695a4b3c2d1e0f9'

/** What any route may refuse with, whatever it reads. */
const ANY: readonly ApiErrorCode[] = ['invalid_param', 'internal']
/** What a route that needs a key may refuse with beside that. */
const KEYED_ANY: readonly ApiErrorCode[] = [
  'unauthorized',
  'key_revoked',
  'payment_required',
  'quota_exceeded',
  'forbidden',
  'rate_limited',
  'upstream_degraded',
]

const envelope = errorEnvelope.openapi('Error')

type Told = Omit<ErrorEnvelope['error'], 'code' | 'doc_url'>

/** What each refusal says, by an example. */
const TOLD: Readonly<Record<ApiErrorCode, Told>> = {
  unauthorized: { message: 'this API key is not known' },
  key_revoked: { message: 'this API key was revoked' },
  payment_required: { message: 'the last invoice of this account was not paid' },
  quota_exceeded: { message: 'the credits of this month are spent' },
  forbidden: { message: 'this plan does not allow it' },
  not_found: { message: 'there is no market KXBTCD-26NOV2217-T1' },
  range_not_covered: {
    message: 'the record of this market begins later',
    param: 'at',
    covered: { from_ts: '2026-11-21T16:59:00.000000Z', through_ts: '2026-11-22T09:30:00.250000Z' },
  },
  method_not_allowed: { message: 'this address answers GET only' },
  invalid_param: { message: 'must be a whole number from 1 to 1000', param: 'depth' },
  range_too_large: {
    message: 'this plan streams at most 31 days in one request; give from and to',
    param: 'from',
  },
  rate_limited: { message: 'too many requests', retry_after_ms: 1000 },
  upstream_degraded: { message: 'the record cannot be read now', retry_after_ms: 1000 },
  internal: { message: 'this is our fault' },
}

/** Who waits how long before another try. */
const WAITING: readonly number[] = [429, 503]

/** The refusals of a route by status, each with an example of every code. @param codes beside those of every route */
export function refusalsOf(codes: readonly ApiErrorCode[], keyed = true) {
  const statuses = new Map<number, ApiErrorCode[]>()
  for (const code of new Set([...ANY, ...(keyed ? KEYED_ANY : []), ...codes])) {
    const status = API_ERROR_STATUS[code]
    statuses.set(status, [...(statuses.get(status) ?? []), code])
  }
  return Object.fromEntries(
    [...statuses].map(([status, among]) => [status, describeRefusal(status, among)]),
  )
}

function describeRefusal(status: number, among: readonly ApiErrorCode[]) {
  const waits = WAITING.includes(status) ? ['Retry-After'] : []
  return {
    description: among.map((code) => `\`${code}\``).join(', '),
    headers: headersOf(
      'X-Request-Id',
      'RateLimit-Policy',
      'RateLimit',
      'Cache-Control',
      'X-Credits-Cost',
      'X-Credits-Remaining',
      ...waits,
    ),
    content: {
      'application/json': {
        schema: envelope,
        examples: Object.fromEntries(
          among.map((code) => [code, { $ref: `#/components/examples/${code}` }]),
        ),
      },
    },
  }
}

/** Headers by their names, as `components` describes them. */
export function headersOf(...names: readonly string[]) {
  return Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }]))
}

/** What `refusalsOf` refers to, and the refusal of other methods, which is no operation's own. @param publicUrl where links begin */
export function refusalComponents(publicUrl: string) {
  const examples = Object.entries(TOLD).map(([code, told]) => {
    const doc_url = `${publicUrl}/docs/errors#${code}`
    const value = { error: { code, ...told, doc_url }, request_id: EXAMPLE_REQUEST_ID }
    return [code, { summary: told.message, value }]
  })
  const { headers, ...other } = describeRefusal(405, ['method_not_allowed'])
  const MethodNotAllowed = {
    ...other,
    description: 'Every address answers so to a method that it has not, HEAD included',
    headers: { ...headers, Allow: { schema: { type: 'string' as const, enum: ['GET', 'POST'] } } },
    content: {
      'application/json': {
        schema: { $ref: '#/components/schemas/Error' },
        examples: { method_not_allowed: { $ref: '#/components/examples/method_not_allowed' } },
      },
    },
  }
  return { examples: Object.fromEntries(examples), responses: { MethodNotAllowed } }
}
