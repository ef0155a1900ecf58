import { type RouteConfig, z } from '@hono/zod-openapi'
import type { ApiErrorCode } from '#core/api-error'
import { answerOf, pageOf } from '#core/wire/api'
import { type Column, csvHeader, csvLine } from '#core/wire/csv'
import { streamEnd, streamError } from '#core/wire/stream-end'
import { wireHoles } from '#core/wire/trade'
import { EXAMPLE_REQUEST_ID, headersOf, refusalsOf } from './describe-refusal.ts'
import { CSV_TYPE, JSON_TYPE, NDJSON_TYPE } from './format.ts'

/** Either header bears the key; two different ones are refused. */
export const KEYED = [{ bearer: [] }, { apiKey: [] }]
/** Anybody may read it. */
export const OPEN: { [name: string]: string[] }[] = []

/** What every answer under /v1 says of who asks. */
const KEYED_HEADERS = [
  'X-Request-Id',
  'RateLimit-Policy',
  'RateLimit',
  'X-Credits-Cost',
  'X-Credits-Remaining',
] as const
const HEADERS = headersOf(...KEYED_HEADERS, 'Cache-Control', 'Vary', 'ETag')
const THE_SAME = {
  description: 'The caller has this very `data`: If-None-Match names its ETag. It costs nothing',
  headers: HEADERS,
}

/** The responses of a route that answers with one object. @param refusals beside those of every route */
export function objectAnswers<Data extends z.ZodType>(
  description: string,
  data: Data,
  example: unknown,
  refusals: readonly ApiErrorCode[] = [],
) {
  return {
    200: {
      description,
      headers: HEADERS,
      content: {
        [JSON_TYPE]: { schema: answerOf(data), example: { data: example, meta: META } },
      },
    },
    304: THE_SAME,
    ...refusalsOf(refusals),
  }
}

/** The responses of a route that anybody may read and nobody may keep. */
export function openAnswers<Data extends z.ZodType>(
  description: string,
  data: Data,
  example: unknown,
): RouteConfig['responses'] {
  const meta = { ...META, credits: 0 }
  return {
    200: {
      description,
      headers: headersOf(
        'X-Request-Id',
        'RateLimit-Policy',
        'RateLimit',
        'X-Credits-Cost',
        'Cache-Control',
      ),
      content: { [JSON_TYPE]: { schema: answerOf(data), example: { data: example, meta } } },
    },
    ...refusalsOf([], false),
  }
}

/** The responses of a route that tells an account of itself, which nobody may keep. @param refusals beside those of every route */
export function accountAnswers<Data extends z.ZodType>(
  description: string,
  data: Data,
  example: unknown,
  refusals: readonly ApiErrorCode[] = [],
): RouteConfig['responses'] {
  const meta = { ...META, credits: 0 }
  return {
    200: {
      description,
      headers: headersOf(...KEYED_HEADERS, 'Cache-Control', 'Vary'),
      content: { [JSON_TYPE]: { schema: answerOf(data), example: { data: example, meta } } },
    },
    ...refusalsOf(refusals),
  }
}

const LAST = streamEnd.openapi('StreamEnd')
const BROKEN = streamError.openapi('StreamError')

/** What a list's streams are beside its rows. */
export type DescribedStream<Wire> = {
  /** What lines of NDJSON may be that are no rows of the JSON page: those of another layout. */
  readonly lines?: z.ZodType
  readonly columns?: readonly Column<Wire>[]
  /** Whether `meta` and the last line of NDJSON tell of holes. */
  readonly holes?: boolean
}

/**
 * The responses of a route that answers with a list: a page as JSON, or all of it as a stream.
 * @param example a row
 * @param refusals beside those of every route
 */
export function listAnswers<Row extends z.ZodType>(
  description: string,
  row: Row,
  example: unknown,
  refusals: readonly ApiErrorCode[] = [],
  { lines, columns, holes }: DescribedStream<z.infer<Row>> = {},
) {
  const told = { through_us: THROUGH_US, ...(holes === true ? { holes: [] } : {}) }
  const meta = { ...META, ...told }
  const end = { type: 'end', records: 1, ...told, credits: 1 }
  const headers = holes === true ? { ...HEADERS, ...headersOf('X-Holes') } : HEADERS
  const line = z.union([row, ...(lines === undefined ? [] : [lines]), LAST, BROKEN])
  const csv =
    columns === undefined
      ? {}
      : { example: `${csvHeader(columns)}${csvLine(columns, example as z.infer<Row>)}` }
  return {
    200: {
      description: `${description}. As a stream, by Accept: NDJSON, whose schema is that of each line, ends with a line of type end or error, and CSV that breaks off is incomplete`,
      headers,
      content: {
        [JSON_TYPE]: {
          schema: pageOf(row, holes === true ? { holes: wireHoles } : {}),
          example: { data: [example], next_cursor: null, meta },
        },
        [NDJSON_TYPE]: {
          schema: line,
          examples: { row: { value: example }, end: { value: end } },
        },
        [CSV_TYPE]: { schema: z.string(), ...csv },
      },
    },
    304: THE_SAME,
    ...refusalsOf(refusals),
  }
}

const META = { request_id: EXAMPLE_REQUEST_ID, credits: 1 }
const THROUGH_US = 1_795_345_898_631_376
