import { z } from 'zod'
import { API_ERROR_STATUS, type ApiErrorCode } from '../api-error.ts'

const rfc3339 = z.string().describe('RFC 3339, UTC, microseconds')

/** What every refusal looks like (wire §2). */
export const errorEnvelope = z.object({
  error: z.object({
    code: z.enum(Object.keys(API_ERROR_STATUS) as [ApiErrorCode, ...ApiErrorCode[]]),
    message: z.string(),
    param: z.string().optional(),
    doc_url: z.string(),
    retry_after_ms: z.int().optional(),
    covered: z
      .object({ from_ts: rfc3339.nullable(), through_ts: rfc3339.nullable() })
      .optional()
      .describe('What the record holds'),
  }),
  request_id: z.string(),
})

const meta = z.object({
  request_id: z.string(),
  credits: z.int().nonnegative().describe('What this answer cost'),
})

/** One object. */
export function answerOf<Data extends z.ZodType>(data: Data) {
  return z.object({ data, meta })
}

/** A page of rows; those at or below `through_us` are final. @param more what its `meta` tells beside that */
export function pageOf<Row extends z.ZodType>(row: Row, more: z.ZodRawShape = {}) {
  return z.object({
    data: z.array(row),
    next_cursor: z.string().nullable(),
    meta: meta.extend({ through_us: z.int().nullable(), ...more }),
  })
}

export type ErrorEnvelope = z.infer<typeof errorEnvelope>
