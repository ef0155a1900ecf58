import { z } from 'zod'
import { TICKER_SHAPE } from '../ticker.ts'
import { ANY_MARKET } from '../ticket.ts'

/** What a page's address begins with, as browsers print it. */
const ORIGIN_SHAPE = /^[a-z][a-z0-9+.-]*:\/\/[a-z0-9.:[\]_-]{1,255}$/

/** What is asked of `POST /v1/stream/tickets`. */
export const ticketAsked = z.strictObject({
  market: z
    .union([z.literal(ANY_MARKET), z.string().regex(TICKER_SHAPE)], {
      error: `must be the ticker of a market, or ${ANY_MARKET}`,
    })
    .default(ANY_MARKET)
    .describe('The ticker of the one market whose stream it opens, or * for the streams of any'),
  origin: z
    .string({ error: 'must be an origin, as https://example.com' })
    .regex(ORIGIN_SHAPE, 'must be an origin, as https://example.com')
    .optional()
    .describe('The Origin of the page that will use it; that of this request when absent'),
})

export const ticketAnswer = z.object({
  ticket: z.string().describe('To be offered as a subprotocol beside kb.v1'),
  expires_ts: z.string().describe('RFC 3339, UTC, microseconds'),
})

export type TicketAsked = z.infer<typeof ticketAsked>
