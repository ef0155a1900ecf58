import type { Micros } from '#core/instant'
import type { DeltaRecord, Epoch } from '#core/log'
import { MarketLog } from '#core/market-log'
import type { SizeChange } from '#core/size'
import type { Ticker } from '#core/ticker'
import { fanoutTicker, firstBook } from './fanout-markets.ts'

/** Hundredths of a contract by which a level grows, and shrinks the next time. */
const CHANGE = 100

/** Markets' logs in memory, and made-up deltas of them in turn: every level of a book grows, then shrinks again. */
export class MadeRecords {
  readonly logs = new Map<Ticker, MarketLog>()
  readonly #markets: readonly Ticker[]
  readonly #made: number[]
  readonly #book = firstBook()
  #turn = 0

  /** @param nowUs when the logs begin */
  constructor(markets: number, epoch: Epoch, nowUs: number) {
    this.#markets = Array.from({ length: markets }, (_, nth) => fanoutTicker(nth))
    this.#made = this.#markets.map(() => 0)
    for (const market of this.#markets) {
      const log = new MarketLog(epoch, null)
      log.snapshot(this.#book, nowUs as Micros)
      this.logs.set(market, log)
    }
  }

  /** A delta of the next of `among` markets from number `first` on. Throws when the log refuses it. */
  next(
    first: number,
    among: number,
    nowUs: number,
  ): { readonly market: Ticker; readonly record: DeltaRecord } {
    const nth = first + (this.#turn % among)
    this.#turn += 1
    const market = this.#markets[nth]
    const log = market && this.logs.get(market)
    if (market === undefined || log === undefined) throw new Error(`there is no market ${nth}`)
    const made = this.#made[nth] ?? 0
    this.#made[nth] = made + 1
    const levels = this.#book.yes.length
    const side = made % 2 === 0 ? 'yes' : 'no'
    const level = this.#book[side][Math.floor(made / 2) % levels]
    if (level === undefined) throw new Error('the book has no levels')
    const change = Math.floor(made / (2 * levels)) % 2 === 0 ? CHANGE : -CHANGE
    const now = nowUs as Micros
    const outcome = log.delta(side, level[0], change as SizeChange, now, now)
    if (outcome.kind !== 'recorded') throw new Error(`a made delta was ${outcome.kind}`)
    return { market, record: outcome.record }
  }
}
