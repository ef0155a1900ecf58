import type { Micros } from './instant.ts'
import type { MarketLifecycle } from './kalshi/frames.ts'
import type { ChangeKind, MarketChange } from './market-change.ts'
import { type MarketState, statusAt } from './market-life.ts'

/** A market after news of it, and what is new. */
export type News = { readonly state: MarketState; readonly changes: readonly MarketChange[] }

/** What REST shows of a market that bears on its state. */
export type SeenMarket = Omit<MarketState, 'told'> & {
  readonly settled: Micros | null
  /** The exchange's words, for the history. */
  readonly said: Readonly<Record<string, unknown>>
}

type Body = { readonly at: Micros | null; readonly detail: Readonly<Record<string, unknown>> }

/** Takes a word of the lifecycle channel. */
export function hearMarket(state: MarketState, word: MarketLifecycle, recv: Micros): News {
  const { market_ticker: _ticker, event_type: kind, ...detail } = word
  const say = (of: ChangeKind, body: Body): MarketChange => ({
    market: state.ticker,
    event: null,
    kind: of,
    recv,
    source: 'stream',
    ...body,
  })
  const told = { ...state, told: recv }
  const final = state.status === 'finalized'
  switch (kind) {
    case 'created':
      return { state, changes: [] }
    case 'activated':
    case 'deactivated': {
      const status = final ? state.status : kind === 'activated' ? 'active' : 'inactive'
      return { state: { ...told, status }, changes: [say(kind, { at: null, detail })] }
    }
    case 'close_date_updated': {
      const close = seconds(word.close_ts) ?? state.close
      return { state: { ...told, close }, changes: [say(kind, { at: null, detail })] }
    }
    case 'determined': {
      const result = word.result || null
      const value = word.settlement_value ?? null
      const anew = state.result !== null && (state.result !== result || !same(state.value, value))
      const status = final ? state.status : anew ? 'amended' : 'determined'
      const determined = say(kind, { at: seconds(word.determination_ts), detail })
      const amended = say('status', { at: null, detail: { status } })
      return {
        state: { ...told, status, result, value },
        changes: anew && !final ? [determined, amended] : [determined],
      }
    }
    case 'settled': {
      const at = seconds(word.settled_ts)
      return { state: { ...told, status: 'finalized' }, changes: [say(kind, { at, detail })] }
    }
    case 'price_level_structure_updated': {
      const grid = gridOf(word.price_level_structure, word.price_ranges)
      return { state: { ...told, grid }, changes: [say(kind, { at: null, detail })] }
    }
    case 'metadata_updated':
      return { state, changes: [say(kind, { at: null, detail })] }
    default:
      return { state, changes: [] }
  }
}

/**
 * Takes what REST shows of a market that we know.
 * @param asked when it was asked for, our clock: what the stream has told since or just before is newer
 * @param lagUs how far REST may lag behind the stream
 */
export function seeMarket(
  state: MarketState,
  seen: SeenMarket,
  asked: Micros,
  lagUs: number,
  recv: Micros,
): News {
  const { event, series, volume } = seen
  if (state.told !== null && asked < state.told + lagUs) {
    return { state: { ...state, event, series, volume }, changes: [] }
  }
  const shown = statusAt(seen.status, seen.open, seen.close, recv)
  const status = state.status === 'finalized' ? state.status : shown
  const { open, close, grid } = seen
  const result = seen.result ?? state.result
  const value = seen.value ?? state.value
  const next = { ...state, event, series, volume, status, open, close, grid, result, value }
  return { state: next, changes: differences(state, next, seen, recv) }
}

/** Takes the passing of time: markets open and close by the clock, and nobody says so. */
export function turnMarket(state: MarketState, now: Micros): News {
  const { open, close, ticker } = state
  const turned = (from: MarketState, kind: 'opened' | 'closed', at: Micros | null): News => {
    const status = kind === 'opened' ? 'active' : 'closed'
    const change = { market: ticker, event: null, kind, at, recv: now, detail: {}, source: 'clock' }
    return { state: { ...from, status, told: now }, changes: [change as MarketChange] }
  }
  const opens = state.status === 'initialized' && open !== null && open <= now
  const first = opens ? turned(state, 'opened', open) : { state, changes: [] }
  if (statusAt(first.state.status, open, close, now) !== 'closed') return first
  if (first.state.status === 'closed') return first
  const last = turned(first.state, 'closed', close)
  return { state: last.state, changes: [...first.changes, ...last.changes] }
}

/** What became different between two looks, each told once, in the order in which it must have happened. */
function differences(
  before: MarketState,
  after: MarketState,
  { said, settled }: SeenMarket,
  recv: Micros,
): MarketChange[] {
  const changes: MarketChange[] = []
  const say = (kind: ChangeKind, at: Micros | null, names: readonly string[]) => {
    const detail = Object.fromEntries(names.map((name) => [name, said[name] ?? null]))
    const { ticker: market } = after
    changes.push({ market, event: null, kind, at, recv, source: 'rest', detail })
  }
  if (secondOf(before.close) !== secondOf(after.close))
    say('close_date_updated', null, ['close_time'])
  if (before.grid !== after.grid) {
    say('price_level_structure_updated', null, ['price_level_structure', 'price_ranges'])
  }
  const outcome = before.result !== after.result || !same(before.value, after.value)
  if (after.result !== null && outcome) {
    say('determined', null, ['result', 'settlement_value_dollars'])
  }
  if (before.status === after.status) return changes
  switch (after.status) {
    case 'active':
      if (before.status === 'initialized') say('opened', after.open, [])
      else say('activated', null, [])
      break
    case 'inactive':
      say('deactivated', null, [])
      break
    case 'closed':
      say('closed', after.close, [])
      break
    case 'finalized':
      say('settled', settled, ['settlement_ts', 'result', 'settlement_value_dollars'])
      break
    default:
      say('status', null, ['status'])
  }
  return changes
}

/** A market's price grid as one text: its bands count, the structure's name is only a name. */
export function gridOf(
  structure: string | null | undefined,
  ranges: readonly { start: string; end: string; step: string }[] | null | undefined,
): string | null {
  const bands = (ranges ?? []).map(({ start, end, step }) => `${start}:${end}:${step}`).join(',')
  return structure || bands ? `${structure ?? ''} ${bands}` : null
}

/** Whole seconds of the exchange as microseconds; null for none. */
function seconds(ts: number | null | undefined): Micros | null {
  const us = (ts ?? Number.NaN) * 1_000_000
  return Number.isSafeInteger(us) ? (us as Micros) : null
}

/** The stream tells times in whole seconds, REST finer. */
function secondOf(us: Micros | null): number | null {
  return us === null ? null : Math.floor(us / 1_000_000)
}

/** Decimals compare by value: `1.0000` and `1.00` pay the same. */
function same(a: string | null, b: string | null): boolean {
  return a === b || (a !== null && b !== null && Number(a) === Number(b))
}
