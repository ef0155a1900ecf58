import { randomUUID } from 'node:crypto'
import type { Side } from './book.ts'
import type { Fee, FeeOverride } from './fees.ts'
import { type Floor, stampAt } from './floor.ts'
import { printDollars, printRanges } from './grid.ts'
import { changedMetadata, eventMessage, marketMetadata } from './life-message.ts'
import type { Farewell, Maintenance } from './maintenance.ts'
import {
  type Listing,
  listMarket,
  type Market,
  type MarketStatus,
  type MetadataChange,
} from './market.ts'
import { toSeconds } from './timestamp.ts'

/** How a market ends: a number is what a yes of a scalar market pays, in millionths of a dollar. */
export type Outcome = Side | number

/**
 * What happens to a market besides trading. Every step does what the exchange does at it: frames on
 * the lifecycle channel where it sends any (none at opening and closing time), and the book's end.
 */
export class Life {
  readonly #floor: Floor
  readonly #now: () => number
  readonly #maintenance: Maintenance
  readonly #lateUs: number

  /** @param lateMs how long after its creation REST does not know a market yet */
  constructor(floor: Floor, now: () => number, maintenance: Maintenance, lateMs: number) {
    this.#floor = floor
    this.#now = now
    this.#maintenance = maintenance
    this.#lateUs = lateMs * 1000
  }

  /** Lists a new market that does not trade yet, and its event when that is new too. */
  create(listing: Listing): Market {
    const shownUs = listing.shownUs ?? this.#now() + this.#lateUs
    const market = listMarket({ ...listing, shownUs }, 'initialized')
    const newEvent = !this.#floor.events.has(market.event)
    this.#floor.add(market)
    if (newEvent) this.#floor.live({ type: 'event_lifecycle', market, msg: eventMessage(market) })
    this.#say(market, 'created', {
      exchange_index: 0,
      open_ts: toSeconds(market.openUs),
      close_ts: toSeconds(market.closeUs),
      additional_metadata: marketMetadata(market),
      price_level_structure: market.structure,
      price_ranges: printRanges(market.structure),
    })
    return market
  }

  /** From now on REST knows a market, however late it was to be. */
  show(ticker: string): void {
    this.#floor.market(ticker).shownUs = this.#now()
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

  /** The result is known: yes, no, or what a scalar market pays. */
  determine(ticker: string, outcome: Outcome): void {
    this.#fits(ticker, outcome)
    this.#decide(this.#move(ticker, ['closed'], 'determined'), outcome, true)
  }

  /** The result is challenged; no frame says so. */
  dispute(ticker: string): void {
    this.#move(ticker, ['determined', 'amended'], 'disputed')
  }

  /** A challenged result is decided anew, which may be told by another `determined` or by REST alone. */
  amend(ticker: string, outcome: Outcome, told = true): void {
    this.#fits(ticker, outcome)
    this.#decide(this.#move(ticker, ['disputed'], 'amended'), outcome, told)
  }

  /** The market is paid: its end, and an empty book that nobody asked for. */
  settle(ticker: string): void {
    const market = this.#move(ticker, ['determined', 'amended'], 'finalized')
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

  /** Changes a market's strikes or what yes stands for. */
  describe(ticker: string, change: MetadataChange): void {
    const market = this.#floor.market(ticker)
    Object.assign(market.changed, change)
    market.updatedUs = this.#now()
    this.#say(market, 'metadata_updated', changedMetadata(change))
  }

  /** Gives an event a fee of its own, or takes it away again. Throws when there is no such event. */
  overrideFee(event: string, override: FeeOverride): void {
    const [market] = this.#floor.events.get(event) ?? []
    if (market === undefined) throw new Error(`${event} is not listed`)
    this.#floor.fees.changeEvent(event, override, this.#now())
    const { type: fee_type_override, multiplier: fee_multiplier_override } = override
    const msg = { event_ticker: event, fee_type_override, fee_multiplier_override }
    this.#floor.live({ type: 'event_fee_update', market, msg })
  }

  /** Announces a series' fee from a moment on (microseconds, now when absent); only REST says so. */
  changeFee(series: string, fee: Fee, atUs = this.#now()): void {
    this.#floor.fees.changeSeries(series, fee, atUs)
  }

  /** A negotiated trade: price in millionths, count in hundredths; the book stays as it is. */
  blockTrade(ticker: string, yesPrice: number, count: number, taker: Side): void {
    const market = this.#floor.market(ticker)
    const atUs = this.#now()
    const id = randomUUID()
    this.#floor.trade({ id, market, yesPrice, count, taker, block: true, atUs })
    this.#floor.quote(market, atUs)
  }

  /** For so long nothing trades, connections end, and handshakes and REST are answered 503. */
  maintenance(ms: number, farewell: Farewell = 'closed'): void {
    this.#maintenance.begin(ms, farewell)
  }

  #fits(ticker: string, outcome: Outcome): void {
    const { type } = this.#floor.market(ticker)
    if ((typeof outcome === 'number') !== (type === 'scalar')) {
      throw new Error(`${ticker} is ${type}, so it cannot end with ${outcome}`)
    }
  }

  #decide(market: Market, outcome: Outcome, told: boolean): void {
    const scalar = typeof outcome === 'number'
    market.result = scalar ? 'scalar' : outcome
    market.settlementValue = scalar ? outcome : outcome === 'yes' ? 1_000_000 : 0
    if (!told) return
    this.#say(market, 'determined', {
      determination_ts: toSeconds(this.#now()),
      result: market.result,
      settlement_value: printDollars(market.settlementValue),
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
