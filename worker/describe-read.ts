import { z } from '@hono/zod-openapi'
import { API_ERROR_STATUS, type ApiErrorCode } from '#core/api-error'
import { answerOf, errorEnvelope, pageOf } from '#core/wire/api'
import { CSV_TYPE, NDJSON_TYPE } from './format.ts'

/** Either header bears the key; two different ones are refused. */
export const KEYED = [{ bearer: [] }, { apiKey: [] }]
/** Anybody may read it. */
export const OPEN: { [name: string]: string[] }[] = []

/** What any keyed route may refuse with, whatever it reads. */
const ALWAYS: readonly ApiErrorCode[] = [
  'unauthorized',
  'key_revoked',
  'payment_required',
  'quota_exceeded',
  'forbidden',
  'invalid_param',
  'rate_limited',
  'internal',
  'upstream_degraded',
]

const HEADERS = z.object({
  'X-Request-Id': z.string().openapi({ description: 'Ours; name it when you ask about an answer' }),
  'X-Credits-Cost': z.string().openapi({ description: 'Credits that this answer cost' }),
  ETag: z.string().optional().openapi({ description: 'Of `data`; for If-None-Match' }),
  'Cache-Control': z.string(),
})

/** The responses of a route that answers with one object. @param refusals beside those of every route */
export function objectAnswers<Data extends z.ZodType>(
  description: string,
  data: Data,
  example: unknown,
  refusals: readonly ApiErrorCode[] = [],
) {
  const schema = answerOf(data)
  return {
    200: {
      description,
      headers: HEADERS,
      content: {
        'application/json': { schema, example: { data: example, meta: META } },
      },
    },
    ...others(refusals),
  }
}

/** The responses of a route that answers with a list: a page as JSON, or all of it as a stream. */
export function listAnswers<Row extends z.ZodType>(
  description: string,
  row: Row,
  example: unknown,
  refusals: readonly ApiErrorCode[] = [],
) {
  const meta = { ...META, through_us: 1_795_345_898_631_376 }
  return {
    200: {
      description: `${description}. As a stream, by Accept: NDJSON ends with a line of type end or error, CSV that breaks off is incomplete`,
      headers: HEADERS,
      content: {
        'application/json': {
          schema: pageOf(row),
          example: { data: [example], next_cursor: null, meta },
        },
        [NDJSON_TYPE]: { schema: z.string(), example: `${JSON.stringify(example)}\n` },
        [CSV_TYPE]: { schema: z.string() },
      },
    },
    ...others(refusals),
  }
}

const META = { request_id: 'req_4f1d2c3b4a5968778695a4b3c2d1e0f9', credits: 1 }

function others(refusals: readonly ApiErrorCode[]) {
  return { 304: { description: 'The caller has this very data' }, ...refusalsOf(refusals) }
}

/** The refusals of a route by status, each with an example of every code. @param codes beside those of every route */
export function refusalsOf(codes: readonly ApiErrorCode[]) {
  const statuses = new Map<number, ApiErrorCode[]>()
  for (const code of [...ALWAYS, ...codes]) {
    const status = API_ERROR_STATUS[code]
    statuses.set(status, [...(statuses.get(status) ?? []), code])
  }
  return Object.fromEntries(
    [...statuses].map(([status, among]) => [
      status,
      {
        description: among.join(', '),
        content: {
          'application/json': {
            schema: errorEnvelope,
            examples: Object.fromEntries(among.map((code) => [code, { value: refusal(code) }])),
          },
        },
      },
    ]),
  )
}

function refusal(code: ApiErrorCode) {
  const doc_url = `https://kalshibook.com/docs/errors#${code}`
  return {
    error: { code, message: 'What is wrong, and what would be right', doc_url },
    request_id: META.request_id,
  }
}
