import type { Micros } from './instant.ts'
import type { Ticker } from './ticker.ts'

/** Where a market stands, as far as it decides about its book and its history. */
export type MarketState = {
  readonly ticker: Ticker
  /** Empty while it is not known. */
  readonly event: string
  readonly series: string | null
  /** The exchange's word, with what the clock adds to it. */
  readonly status: string
  readonly open: Micros | null
  readonly close: Micros | null
  readonly result: string | null
  /** What a yes pays, decimal dollars. */
  readonly value: string | null
  /** The prices that it trades at, as one text to be compared. */
  readonly grid: string | null
  /** Of the last 24 hours, hundredths of a contract. */
  readonly volume: number
  /** recv of the last thing that the stream or the clock told: REST may lag behind it. */
  readonly told: Micros | null
}

/** Whether a market is a combination of others: there are a thousand new ones a minute, and none is followed. */
export function isCombo(market: string): boolean {
  return market.startsWith('KXMVE')
}

/** What a market's status means for its book. */
export type Phase =
  /** Trading has not begun: there is no book yet. */
  | 'early'
  | 'open'
  /** Trading is over, the result is not paid: the book empties. */
  | 'draining'
  | 'over'

/** So long before its opening time a market is followed, so that its first order is not missed. */
const AHEAD_US = 2_000_000

/** What a market's status means for its book at a moment. */
export function phaseOf(state: Pick<MarketState, 'status' | 'open'>, now: Micros): Phase {
  switch (state.status) {
    case 'finalized':
      return 'over'
    case 'closed':
    case 'determined':
    case 'disputed':
    case 'amended':
      return 'draining'
    case 'initialized':
      return state.open !== null && state.open <= now + AHEAD_US ? 'open' : 'early'
    default:
      // A word that we do not know says nothing against trading.
      return 'open'
  }
}

/** What is so of a market's book with us. */
export type Holding = {
  readonly phase: Phase
  /** Null while the ranking that decides is not known. */
  readonly selected: boolean | null
  readonly followed: boolean
  /** Whether its log has begun, here or in an earlier epoch, and not ended. */
  readonly logOpen: boolean
}

/** What is to be done about a market's book. */
export type Plan = 'follow' | 'leave' | 'settle' | 'deselect'

/** Decides what is to be done about a market's book; `leave` is nothing. */
export function planOf({ phase, selected, followed, logOpen }: Holding): Plan {
  const held = followed || logOpen
  if (phase === 'over') return held ? 'settle' : 'leave'
  if (selected === false) return held ? 'deselect' : 'leave'
  if (followed || selected === null) return 'leave'
  // A book that empties is followed to its end; none is begun for it.
  return phase === 'open' || (phase === 'draining' && logOpen) ? 'follow' : 'leave'
}

/**
 * What the exchange's word means at a moment: it sends no message when a market opens or closes by the clock, and what
 * it says by REST may lag behind.
 */
export function statusAt(
  status: string,
  open: Micros | null,
  close: Micros | null,
  now: Micros,
): string {
  const opened = status === 'initialized' && open !== null && open <= now ? 'active' : status
  const trades = opened === 'active' || opened === 'inactive'
  return trades && close !== null && close <= now ? 'closed' : opened
}

/** The next moment after `now` at which the clock changes something about a market; null when none does. */
export function nextTurn({ status, open, close }: MarketState, now: Micros): Micros | null {
  if (status === 'active' || status === 'inactive')
    return close !== null && close > now ? close : null
  if (status !== 'initialized' || open === null || open <= now) return null
  return open - AHEAD_US > now ? ((open - AHEAD_US) as Micros) : open
}
