import type { Side } from './book.ts'
import { eventTitle, marketTitle, outcome, strike } from './description.ts'
import { type Floor, stampAt } from './floor.ts'
import { printRanges } from './grid.ts'
import { type Listing, listMarket, type Market, type MarketStatus } from './market.ts'
import { toSeconds } from './timestamp.ts'

/**
 * What happens to a market besides trading. Every step does what the exchange does at it: frames on
 * the lifecycle channel where it sends any (none at opening and closing time), and the book's end.
 */
export class Life {
  readonly #floor: Floor
  readonly #now: () => number

  constructor(floor: Floor, now: () => number) {
    this.#floor = floor
    this.#now = now
  }

  /** Lists a new market that does not trade yet, and its event when that is new too. */
  create(listing: Listing): Market {
    const market = listMarket(listing, 'initialized')
    const newEvent = !this.#floor.events.has(market.event)
    this.#floor.add(market)
    if (newEvent) this.#floor.live({ type: 'event_lifecycle', market, msg: eventCreated(market) })
    this.#say(market, 'created', {
      exchange_index: 0,
      open_ts: toSeconds(market.openUs),
      close_ts: toSeconds(market.closeUs),
      additional_metadata: metadata(market),
      price_level_structure: market.structure,
      price_ranges: printRanges(market.structure),
    })
    return market
  }

  /** Opening time: trading begins, and nothing says so. */
  open(ticker: string): void {
    const market = this.#move(ticker, ['initialized'], 'active')
    market.openUs = Math.min(market.openUs, this.#now())
  }

  /** Pauses trading; resting orders stay. */
  pause(ticker: string): void {
    this.#say(this.#move(ticker, ['active'], 'inactive'), 'deactivated', { is_deactivated: true })
  }

  /** Resumes trading; every resting order was cancelled. */
  resume(ticker: string): void {
    const market = this.#move(ticker, ['inactive'], 'active')
    this.#say(market, 'activated', { is_deactivated: false })
    this.#cancelAll(market)
  }

  /** Moves the closing time (microseconds); a closed market that gets a later one trades again. */
  redate(ticker: string, closeUs: number): void {
    const market = this.#floor.market(ticker)
    market.closeUs = closeUs
    market.updatedUs = this.#now()
    this.#say(market, 'close_date_updated', { close_ts: toSeconds(closeUs) })
    if (market.status !== 'closed' || closeUs <= this.#now()) return
    this.#move(ticker, ['closed'], 'active')
    this.#say(market, 'activated', { is_deactivated: false })
  }

  /** Closing time: no frame says so, but resting orders are cancelled one by one. */
  close(ticker: string): void {
    const market = this.#move(ticker, ['active', 'inactive'], 'closed')
    market.closeUs = Math.min(market.closeUs, this.#now())
    this.#cancelAll(market)
  }

  /** The result is known. */
  determine(ticker: string, result: Side): void {
    const market = this.#move(ticker, ['closed'], 'determined')
    market.result = result
    this.#say(market, 'determined', {
      determination_ts: toSeconds(this.#now()),
      result,
      settlement_value: result === 'yes' ? '1.0000' : '0.0000',
    })
  }

  /** The market is paid: its end, and an empty book that nobody asked for. */
  settle(ticker: string): void {
    const market = this.#move(ticker, ['determined'], 'finalized')
    market.settledUs = this.#now()
    this.#say(market, 'settled', { settled_ts: toSeconds(market.settledUs) })
    this.#floor.snapshot(market, [], [], this.#now())
  }

  /** Gives a trading market another grid of prices; resting orders stay. */
  refine(ticker: string, structure: string): void {
    const market = this.#floor.market(ticker)
    market.structure = structure
    market.updatedUs = this.#now()
    this.#say(market, 'price_level_structure_updated', {
      price_level_structure: structure,
      price_ranges: printRanges(structure),
    })
  }

  #move(ticker: string, from: readonly MarketStatus[], to: MarketStatus): Market {
    const market = this.#floor.market(ticker)
    if (!from.includes(market.status)) {
      throw new Error(`${ticker} is ${market.status}, so it cannot become ${to}`)
    }
    market.status = to
    market.updatedUs = this.#now()
    return market
  }

  #cancelAll(market: Market): void {
    const stamp = stampAt(this.#now())
    for (const side of ['yes', 'no'] as const) {
      for (const [price, size] of market.book.ascending(side)) {
        this.#floor.delta(market, side, price, -size, stamp)
      }
    }
    this.#floor.quote(market, stamp.atUs)
  }

  #say(market: Market, event: string, rest: Record<string, unknown>): void {
    const msg = { market_ticker: market.ticker, event_type: event, ...rest }
    this.#floor.live({ type: 'market_lifecycle_v2', market, msg })
  }
}

function eventCreated(market: Market): Record<string, unknown> {
  return {
    event_ticker: market.event,
    exchange_index: 0,
    title: eventTitle(market),
    subtitle: '',
    collateral_return_type: '',
    series_ticker: market.series,
  }
}

function metadata(market: Market): Record<string, unknown> {
  const { floor, cap } = strike(market)
  return {
    name: outcome(market),
    title: marketTitle(market),
    yes_sub_title: outcome(market),
    no_sub_title: outcome(market),
    rules_primary: `If ${outcome(market)} comes true, then the market resolves to Yes.`,
    rules_secondary: '',
    can_close_early: true,
    event_ticker: market.event,
    expected_expiration_ts: toSeconds(market.closeUs),
    ...(floor === null ? {} : { strike_type: cap === null ? 'greater' : 'between' }),
    ...(floor === null ? {} : { floor_strike: floor }),
    ...(cap === null ? {} : { cap_strike: cap }),
  }
}
