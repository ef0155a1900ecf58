import type { TrueTrade } from '../../simulator/observer.ts'

type WireTrade = { readonly trade_id: string; readonly source: string; readonly event_us: number }
/** An interval, µs; its end is null while it has none. */
type Interval = { readonly fromUs: number; readonly toUs: number | null }
type TradeGap = Interval & { readonly market: string | null }
type Connection = {
  /** From when on trades must come: the moment that was named, or the one at which it was ready. */
  readonly resumedUs: number | null
  readyUs: number | null
  closedUs: number | null
}

/** What is on its way when a connection ends may be lost, µs. */
const WAY_US = 1_500_000
/** Clocks of one machine, and the order of a trade and of `ready`, may differ by so much, µs. */
const SLACK_US = 500_000
const MOST_PROBLEMS = 5

/** Which trades one client was told of, and of which times it was told that trades may be missing. */
export class TradeTale {
  readonly #connections: Connection[] = []
  readonly #gaps: TradeGap[] = []
  readonly #told = new Set<string>()
  /** Those of the connection that goes on. */
  #toldHere = new Set<string>()
  #now: Connection | null = null
  /** Subscriptions of the connection that are not ready. */
  #waiting = 0
  #heardUs: number | null = null

  /** The latest event time, µs, of those that came on a connection that was told all that it resumed. */
  lastUs: number | null = null
  /** How many trades of a refill or a resume had come before on the same connection. */
  again = 0

  /** How many trades came. */
  get count(): number {
    return this.#told.size
  }

  /** The client subscribed to trades. @param sinceUs event time after which it wants them, null for from now on */
  asked(sinceUs: number | null): void {
    this.#waiting += 1
    if (this.#now !== null) return
    this.#now = { resumedUs: sinceUs, readyUs: null, closedUs: null }
    this.#connections.push(this.#now)
    this.#toldHere = new Set()
  }

  /** One of its subscriptions was told all that it began with. */
  ready(): void {
    if (this.#now === null) return
    this.#waiting -= 1
    if (this.#waiting === 0) this.#now.readyUs ??= nowUs()
  }

  closed(): void {
    if (this.#now !== null) {
      this.#now.closedUs = nowUs()
      if (this.#now.readyUs !== null) this.lastUs = this.#heardUs
    }
    this.#waiting = 0
    this.#now = null
  }

  /** A trade came. @returns what is wrong with it, null for nothing */
  trade(message: unknown): string | null {
    const { trade_id: id, source, event_us } = message as WireTrade
    this.#heardUs = Math.max(this.#heardUs ?? 0, event_us)
    const again = this.#toldHere.has(id)
    this.#told.add(id)
    this.#toldHere.add(id)
    if (this.#now === null) return `trade ${id} without a subscription`
    // What is fetched, of a time in which some were missed or after a resume, may have come before.
    const fetched = source === 'refill' || this.#now.resumedUs !== null
    if (again && fetched) this.again += 1
    return again && !fetched ? `trade ${id} came twice` : null
  }

  /** Trades may be missing. */
  gap(message: unknown): void {
    const { market, from_us, to_us } = message as {
      market?: string
      from_us: number
      to_us: number | null
    }
    this.#gaps.push({ market: market ?? null, fromUs: from_us, toUs: to_us })
  }

  /**
   * Every true trade came, or lies in a gap that was told, or in a time in which nobody listened.
   * @param outages times in which what was on its way to a connection that then ended is not accounted for
   */
  problems(
    trades: readonly TrueTrade[],
    follows: (market: string) => boolean,
    outages: readonly Interval[] = [],
  ): string[] {
    const windows = this.#windows(outages)
    const missing = trades.filter(
      ({ id, ticker, atUs }) =>
        follows(ticker) &&
        !this.#told.has(id) &&
        windows.some((window) => within(window, atUs)) &&
        !this.#gaps.some((gap) => (gap.market ?? ticker) === ticker && covers(gap, atUs)),
    )
    return missing
      .slice(0, MOST_PROBLEMS)
      .map(({ id, ticker, atUs }, i) =>
        i === 0
          ? `${missing.length} trades neither came nor lie in a gap: ${id} of ${ticker} at ${atUs}`
          : `trade ${id} of ${ticker} at ${atUs} did not come`,
      )
  }

  /** The times in which it must have been told of everything. */
  #windows(outages: readonly Interval[]): Interval[] {
    return this.#connections.flatMap(({ resumedUs, readyUs, closedUs }): Interval[] => {
      if (readyUs === null) return []
      const fromUs = resumedUs === null ? readyUs + SLACK_US : resumedUs + 1
      if (closedUs === null) return [{ fromUs, toUs: null }]
      const outage = outages.find((each) => within(each, closedUs))
      return [{ fromUs, toUs: Math.min(closedUs - WAY_US, outage?.fromUs ?? closedUs) }]
    })
  }
}

function within({ fromUs, toUs }: Interval, atUs: number): boolean {
  return fromUs <= atUs && (toUs === null || atUs <= toUs)
}

/** A gap's bounds are of our clock: what the exchange lost would have come so much later at most. */
function covers({ fromUs, toUs }: Interval, atUs: number): boolean {
  return fromUs <= atUs + WAY_US && (toUs === null || toUs >= atUs)
}

function nowUs(): number {
  return Math.round((performance.timeOrigin + performance.now()) * 1000)
}
