import { fullChecksum } from '#core/checksum'
import type { MarketRecord } from '#core/ingest'
import type { Micros } from '#core/instant'
import { readOrderbooks } from '#core/kalshi/orderbooks'
import type { MarketLog } from '#core/market-log'
import type { Ticker } from '#core/ticker'
import { type SeenBook, TruthCheck, TruthSample, type Verdict } from '#core/truth-check'
import type { Clock } from './clock.ts'
import { reasonOf } from './error-reason.ts'
import { logEvent } from './log-event.ts'

/** The exchange answers for so many books at once. */
const SAMPLE = 100

export type TruthCheckOptions = {
  readonly logs: ReadonlyMap<Ticker, MarketLog>
  readonly clock: Clock
  /** Between two checks, ms. */
  readonly everyMs: number
  /** How much older or newer than the socket's word an answer may be, ms. */
  readonly spanMs: number
  /** `GET /markets/orderbooks`. Throws when the exchange does not answer. */
  readonly orderbooks: (markets: readonly Ticker[]) => Promise<unknown>
  /** A book differed twice running; `since` is the last moment at which it was verified. */
  readonly wrong: (market: Ticker, since: Micros) => void
  /** Hears what each look said of each book. */
  readonly looked: (outcome: Verdict['kind']) => void
}

/** Holds a sample of our books against the exchange's REST answer, again and again. */
export class TruthChecks {
  readonly #options: TruthCheckOptions
  readonly #sample = new TruthSample()
  #check: TruthCheck | null = null
  #timer: NodeJS.Timeout | null = null
  #stopped = false
  /** Books held against an answer, and those found wrong. */
  readonly counts = { checked: 0, differed: 0, wrong: 0, failed: 0 }

  constructor(options: TruthCheckOptions) {
    this.#options = options
  }

  start(): void {
    this.#later(this.#options.everyMs)
  }

  stop(): void {
    this.#stopped = true
    if (this.#timer !== null) clearTimeout(this.#timer)
  }

  /** Hears of every record, in the turn in which it was made. */
  records(records: readonly MarketRecord[]): void {
    for (const { market, record } of records) {
      if (record.kind !== 'delta') this.#sample.forget(market)
      if (this.#check?.watches(market) !== true) continue
      // Of records that were made together the last one's book is the one that is there.
      const book = record.kind === 'gap' ? null : this.#bookOf(market)
      this.#check.changed(market, book, record.recv)
    }
  }

  #later(ms: number): void {
    if (this.#stopped) return
    this.#timer = setTimeout(() => {
      void this.#try().then((differed) => {
        this.#check = null
        this.#later(differed ? 0 : this.#options.everyMs)
      })
    }, ms)
  }

  /** @returns whether a book differed for the first time, which is to be looked at again at once */
  async #try(): Promise<boolean> {
    const { differed, wrong } = this.counts
    try {
      await this.#look()
    } catch (error) {
      if (this.#stopped) return false
      this.counts.failed += 1
      logEvent('truth_check_failed', { reason: reasonOf(error) })
    }
    return this.counts.differed - differed > this.counts.wrong - wrong
  }

  async #look(): Promise<void> {
    const { logs, clock, spanMs, orderbooks } = this.#options
    const known = [...logs].filter(([, log]) => log.known).map(([market]) => market)
    const markets = this.#sample.next(known, SAMPLE)
    if (markets.length === 0) return
    const books = markets.map((market) => [market, this.#bookOf(market)] as const)
    const check = new TruthCheck(books, clock())
    this.#check = check
    await this.#wait(spanMs)
    if (this.#stopped) return
    const answer = readOrderbooks(await orderbooks(markets))
    if (answer === null) throw new Error('books of another shape')
    await this.#wait(spanMs)
    if (this.#stopped) return
    for (const market of markets) {
      const ladders = answer.get(market)
      this.#judge(check, market, ladders === undefined ? null : fullChecksum(ladders))
    }
  }

  #judge(check: TruthCheck, market: Ticker, answered: SeenBook): void {
    const log = this.#options.logs.get(market)
    if (log === undefined) return
    const verdict = check.judge(market, log.known ? answered : null)
    this.#options.looked(verdict.kind)
    if (verdict.kind !== 'unjudged') this.counts.checked += 1
    if (verdict.kind === 'different') this.counts.differed += 1
    const since = log.vouched
    if (this.#sample.told(market, verdict.kind) && since !== null) {
      this.counts.wrong += 1
      logEvent('book_wrong', { market })
      this.#options.wrong(market, since)
    }
    if (verdict.kind === 'same') log.passed(verdict.at)
  }

  #bookOf(market: Ticker): SeenBook {
    const image = this.#options.logs.get(market)?.image() ?? null
    return image === null ? null : fullChecksum(image)
  }

  #wait(ms: number): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, ms))
  }
}
