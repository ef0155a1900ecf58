import { setTimeout as sleep } from 'node:timers/promises'
import { backoffMs } from '#core/backoff'
import type { Entry, TradeHole } from '#core/entry'
import type { Micros } from '#core/instant'
import type { Ticker } from '#core/ticker'
import type { Trade } from '#core/trade'
import { rangeOf, type TradeRange, TradeRefill } from '#core/trade-refill'
import type { Clock } from './clock.ts'
import { logEvent } from './log-event.ts'
import { tradeOfRow } from './trades.ts'

/** A row that cannot be read is kept up to so many characters. */
const ASIDE_CHARS = 2000
/** So many trades of a hole are remembered so as not to be stored twice; the store knows the others. */
const REMEMBERED = 200_000

type Closed = TradeHole & { readonly to: Micros }

export type RefillOptions = {
  /** One page of `GET /markets/trades`, newest first. May throw; it is asked again. */
  readonly trades: (
    query: TradeRange & { readonly cursor?: string },
  ) => Promise<{ readonly trades: readonly unknown[]; readonly cursor: string | null }>
  /** Takes what is to be stored, in order, to the spool. */
  readonly append: (entries: readonly Entry[]) => void | Promise<void>
  /** Whether a market's trades are recorded. */
  readonly keeps: (market: Ticker) => boolean
  readonly clock: Clock
  /** So much more is asked for on both sides of a hole, ms: the exchange's clock and ours may differ. */
  readonly marginMs: number
  /** How long after the first asking a hole is asked for again, ms: trades may be listed late. */
  readonly againMs: number
}

/** Tells of holes in the trades and fills them from the exchange's REST, trying for ever. */
export class TradeRefiller {
  readonly #options: RefillOptions
  readonly #refill: TradeRefill
  readonly #stopping = new AbortController()
  #wake: () => void = () => {}
  #done: Promise<void> = Promise.resolve()

  /** @param open the holes that the store holds unfilled (`openHoles`) */
  constructor(options: RefillOptions, open: readonly TradeHole[]) {
    this.#options = options
    this.#refill = new TradeRefill(open)
  }

  /** The holes that are not filled yet, oldest first. */
  get holes(): readonly TradeHole[] {
    return this.#refill.holes
  }

  start(): void {
    this.#done = this.#run()
  }

  /** Breaks off what is under way; the holes stay in the store for the next start. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    this.#wake()
    await this.#done
  }

  /**
   * The trade channel is away: it was cut, or we have only just started.
   * @param from the last moment for which we have its trades; after a crash the last mark
   */
  lost(from: Micros): void {
    this.#tell(this.#refill.lost(from))
  }

  /** The trade channel is back, and its trades come by themselves from `at` on. */
  resumed(at: Micros): void {
    this.#tell(this.#refill.resumed(at))
    this.#wake()
  }

  async #run(): Promise<void> {
    for (let failed = 0; !this.#stopping.signal.aborted; ) {
      const hole = this.#refill.next()
      if (hole === null) {
        await new Promise<void>((resolve) => {
          this.#wake = resolve
        })
        continue
      }
      try {
        await this.#fill(hole)
        failed = 0
      } catch (error) {
        if (this.#stopping.signal.aborted) return
        const reason = error instanceof Error ? error.message : 'failed'
        logEvent('trade_refill_failed', { from: hole.from, to: hole.to, reason })
        await this.#rest(backoffMs(failed, Math.random()))
        failed += 1
      }
    }
  }

  async #fill(hole: Closed): Promise<void> {
    const { clock, append, marginMs, againMs } = this.#options
    const seen = new Set<string>()
    await this.#ask(hole, seen)
    // A trade that its clock puts into the hole's end may not have happened yet, or not be listed.
    const untilThenMs = (hole.to - clock()) / 1000 + marginMs
    await this.#rest(Math.max(againMs, untilThenMs))
    if (this.#refill.next()?.to !== hole.to) return
    await this.#ask(hole, seen)
    const filled = this.#refill.filled(hole, clock())
    if (filled === null) return
    await append([{ kind: 'trade_hole', hole: filled }])
    logEvent('trade_hole_filled', { from: hole.from, to: hole.to, trades: seen.size })
  }

  /** Pages through the trades of a hole and hands on those that were not seen. Throws when a page does not come. */
  async #ask(hole: Closed, seen: Set<string>): Promise<void> {
    const range = rangeOf(hole, this.#options.marginMs * 1000)
    const cursors = new Set<string>()
    let query: TradeRange & { readonly cursor?: string } = range
    for (;;) {
      this.#stopping.signal.throwIfAborted()
      const { trades, cursor } = await this.#options.trades(query)
      const entries = trades.flatMap((row) => this.#entry(row, seen) ?? [])
      if (entries.length > 0) await this.#options.append(entries)
      if (cursor === null) return
      // The list is live: a cursor that comes again would turn for ever, and says that pages are missing.
      if (cursors.has(cursor)) throw new Error('a cursor of trades came again')
      cursors.add(cursor)
      query = { ...range, cursor }
    }
  }

  #entry(row: unknown, seen: Set<string>): Entry | null {
    const recv = this.#options.clock()
    const trade: Trade | null = tradeOfRow(row, recv)
    if (trade === null) {
      const text = (JSON.stringify(row) ?? '').slice(0, ASIDE_CHARS)
      const reason = 'a trade of another shape'
      if (seen.has(text)) return null
      seen.add(text)
      return { kind: 'aside', aside: { market: null, recv, kind: 'malformed', reason, text } }
    }
    const key = `${trade.market} ${trade.tradeId}`
    if (seen.has(key) || !this.#options.keeps(trade.market)) return null
    if (seen.size < REMEMBERED) seen.add(key)
    return { kind: 'trade', trade }
  }

  #tell(hole: TradeHole | null): void {
    if (hole !== null) void this.#options.append([{ kind: 'trade_hole', hole }])
  }

  /** Waits, unless we are stopping. */
  async #rest(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.#stopping.signal }).catch(() => {})
  }
}
