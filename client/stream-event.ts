import type { GapCause } from '#core/log'
import type { DeltasMessage, LevelsMessage, ServerMessage } from '#core/wire/stream'
import type { WireTrade } from '#core/wire/trade'

/** `[price, size]` as decimal strings, best first; each side's own bids (native). */
export type PrintedLevels = readonly (readonly [price: string, size: string])[]
/**
 * `[side, price, change, size, event_us, recv_us]`: one record, or (change null: of a stream with depth or conflation) one
 * level with its size now, "0.00" when it is gone.
 */
export type ChangeRow = DeltasMessage['d'][number] | LevelsMessage['d'][number]

/** A whole book, which takes the place of what was known. */
export type BookEvent = {
  readonly type: 'book'
  readonly market: string
  readonly seq: number
  /** True for an image, which is no record of the log; false for a snapshot record. */
  readonly image: boolean
  readonly reason: string
  readonly yes: PrintedLevels
  readonly no: PrintedLevels
  readonly recv_us: number
}
/** Levels of a known book changed. */
export type ChangesEvent = {
  readonly type: 'changes'
  readonly market: string
  /** First and last seq of what is new, both included. */
  readonly seq: readonly [number, number]
  readonly rows: readonly ChangeRow[]
  readonly sent_us: number
}
/** From here on no book is known. */
export type GapEvent = {
  readonly type: 'gap'
  readonly market: string
  readonly seq: number
  readonly cause: GapCause
  /** The last moment that can be vouched for, µs. */
  readonly from_us: number
  readonly prev_seq: number | null
  readonly recv_us: number
}
/** The log of a market is over; its last book stays. */
export type EndEvent = {
  readonly type: 'end'
  readonly market: string
  readonly seq: number
  readonly reason: string
  readonly recv_us: number
}
export type ResyncCause = 'hole' | 'checksum' | 'unreadable'
/** A book could not go on from what came: it is stale, and a new start was asked for (in a past log: cannot be). */
export type ResyncEvent = {
  readonly type: 'resync'
  readonly market: string
  readonly seq: number | null
  readonly cause: ResyncCause
}
/** What can happen to books, on streams and in past logs alike. */
export type MarketEvent = BookEvent | ChangesEvent | GapEvent | EndEvent | ResyncEvent

/** Trades are missing; of all markets that are followed when none is named. `to_us` is null while they still are. */
export type TradeGapEvent = {
  readonly type: 'trade_gap'
  readonly market: string | null
  readonly from_us: number
  readonly to_us: number | null
}
/** Why nothing can be vouched for now. */
export type StaleCause = 'disconnected' | 'silent' | 'feed_down'
/** Why a stream ended for good: repeating would not help. */
export type StopCause =
  | 'plan_forbids'
  | 'key_revoked'
  | 'out_of_credits'
  | 'unauthorized'
  | 'forbidden'
  | 'refused'

type Said<Type extends ServerMessage['type']> = Extract<ServerMessage, { type: Type }>

/** What `for await` gives of a live stream. */
export type StreamEvent =
  | MarketEvent
  | WireTrade
  | TradeGapEvent
  | Said<'welcome' | 'bbo' | 'status' | 'warning' | 'heartbeat'>
  /** `id` is what `subscribe` gave. After a reconnect it comes again. */
  | {
      readonly type: 'subscribed'
      readonly id: number
      readonly accepted: number
      readonly rejected: readonly { readonly market: string; readonly code: string }[]
    }
  | { readonly type: 'joined' | 'left'; readonly id: number; readonly markets: readonly string[] }
  /** Every book of this subscription is current, and every trade that it resumed was told. */
  | { readonly type: 'ready'; readonly id: number }
  | { readonly type: 'unsubscribed'; readonly id: number }
  /** The server could not do what was asked: `id` is that of the subscription, `market` the one that it is of, if any. */
  | {
      readonly type: 'error'
      readonly id: number | null
      readonly market: string | null
      readonly code: string
      readonly message: string
    }
  /** Books are possibly wrong from here to `healthy`; `retryMs` is when the next attempt comes, `message` what was heard. */
  | {
      readonly type: 'stale'
      readonly cause: StaleCause
      readonly retryMs: number | null
      readonly message: string
    }
  | { readonly type: 'healthy' }
  /**
   * You read too slowly: `dropped` events were thrown away, of the books of `markets` (look at `stream.book()`, which has
   * them all) and `trades` trades.
   */
  | {
      readonly type: 'behind'
      readonly dropped: number
      readonly trades: number
      readonly markets: readonly string[]
    }
  /** The last event of a stream that we may not open again. */
  | { readonly type: 'stopped'; readonly cause: StopCause; readonly message: string }

/** What `for await` gives of a past log; without `log_end` or `incomplete` at its end nothing was read at all. */
export type LogEvent =
  | MarketEvent
  /** All of it was told, up to `through_us`; `cursor` says where a log that was asked for in parts goes on. */
  | {
      readonly type: 'log_end'
      readonly records: number
      readonly through_us: number | null
      readonly cursor: string | null
    }
  /** It broke off. `cursor` says where to go on; null when that is not known. */
  | {
      readonly type: 'incomplete'
      readonly code: string
      readonly message: string
      readonly cursor: string | null
    }
