import { z } from 'zod'
import { API_ERROR_STATUS, type ApiErrorCode } from '../api-error.ts'
import { wireHoles } from './trade.ts'

const CODES = Object.keys(API_ERROR_STATUS) as [ApiErrorCode, ...ApiErrorCode[]]

/** The last line of an NDJSON stream that is whole, or that was bounded and says where it goes on. */
export const streamEnd = z.object({
  type: z.literal('end'),
  records: z.int().nonnegative(),
  through_us: z.int().nullable().describe('Rows at or below it are final'),
  holes: wireHoles.optional(),
  credits: z.int().nonnegative(),
  cursor: z.string().optional().describe('Where the list goes on; absent at its end'),
})

/** The last line of an NDJSON stream that broke off. */
export const streamError = z.object({
  type: z.literal('error'),
  code: z.enum(CODES),
  message: z.string(),
  cursor: z.string().nullable().describe('Where to go on; null for the beginning'),
})
