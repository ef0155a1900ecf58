import { z } from 'zod'

/** The exchange's error codes that this exchange emits, each with its text. */
export const ERRORS = {
  1: 'Unable to process message',
  2: 'Params required',
  3: 'Channels required',
  4: 'Subscription IDs required',
  5: 'Unknown command',
  7: 'Unknown subscription ID',
  8: 'Unknown channel name',
  10: 'Channel error',
  11: 'Invalid parameter',
  12: 'Exactly one subscription ID is required',
  13: 'Unsupported action',
  14: 'Market Ticker required',
  15: 'Action required',
  24: 'Index IDs required',
  25: 'Subscription buffer overflow',
  26: 'Subscription market limit exceeded',
  27: 'Too many requests',
  28: 'Underlying tickers required',
} as const

export type ErrorCode = keyof typeof ERRORS

const list = z.array(z.string().min(1)).optional()
const sid = z.int()

const params = z.object({
  channels: z.array(z.string()).optional(),
  market_ticker: z.string().min(1).optional(),
  market_tickers: list,
  market_id: z.string().optional(),
  market_ids: z.array(z.string()).optional(),
  send_initial_snapshot: z.boolean().optional(),
  skip_ticker_ack: z.boolean().optional(),
  use_yes_price: z.boolean().optional(),
  index_ids: list,
  underlying_tickers: list,
  sid: sid.optional(),
  sids: z.array(sid).optional(),
  action: z.string().optional(),
})

const envelope = z.object({
  id: z.int().min(0).optional(),
  cmd: z.string().optional(),
  params: z.unknown().optional(),
})

export type Params = z.infer<typeof params>

/** What a client asked; `id` is absent when it gave none, or 0, which means none. */
export type Command =
  | { cmd: 'subscribe' | 'unsubscribe' | 'update_subscription'; id?: number; params: Params }
  | { cmd: 'list_subscriptions'; id?: number }
  | { cmd: 'refused'; id?: number; code: ErrorCode }

/** Reads a text frame of a client. */
export function readCommand(text: string): Command {
  let raw: unknown
  try {
    raw = JSON.parse(text)
  } catch {
    return { cmd: 'refused', code: 1 }
  }
  const outer = envelope.safeParse(raw)
  if (!outer.success) return { cmd: 'refused', code: 1 }
  const { cmd } = outer.data
  const id = outer.data.id === undefined || outer.data.id === 0 ? {} : { id: outer.data.id }
  if (cmd === 'list_subscriptions') return { cmd, ...id }
  if (cmd !== 'subscribe' && cmd !== 'unsubscribe' && cmd !== 'update_subscription') {
    return { cmd: 'refused', ...id, code: 5 }
  }
  if (outer.data.params === undefined || outer.data.params === null) {
    return { cmd: 'refused', ...id, code: 2 }
  }
  const inner = params.safeParse(outer.data.params)
  if (!inner.success) return { cmd: 'refused', ...id, code: 1 }
  return { cmd, ...id, params: inner.data }
}
