import type { Micros } from '#core/instant'
import type { EventFee } from '#core/kalshi/frames'
import type { MarketChange } from '#core/market-change'
import type { EventRow, SeriesRow } from './store/metadata-rows.ts'

type Known = {
  readonly series: string | null
  /** What it charges in place of its series, as one text. */
  readonly fee: string
  /** recv of the stream's last word on the fee. */
  readonly told: Micros | null
}

/** Which event belongs to which series, and what they charge. */
export class Hierarchy {
  readonly #events = new Map<string, Known>()
  readonly #series = new Map<string, string>()
  readonly #change: (change: MarketChange) => void
  readonly #lagUs: number

  /**
   * @param change hears of changed fees
   * @param lagUs how far REST may lag behind the stream
   */
  constructor(change: (change: MarketChange) => void, lagUs: number) {
    this.#change = change
    this.#lagUs = lagUs
  }

  /** The series of an event; null while it is not known. */
  seriesOf(event: string): string | null {
    return this.#events.get(event)?.series ?? null
  }

  knowsEvent(event: string): boolean {
    return this.#events.has(event)
  }

  knowsSeries(series: string): boolean {
    return this.#series.has(series)
  }

  /**
   * Takes an event as the store or REST describes it.
   * @param asked when it was asked for, our clock; null when it only says which series it is of
   */
  event(row: EventRow, asked: Micros | null, recv: Micros): void {
    const before = this.#events.get(row.ticker)
    const fee = feeOf(row.fee_type_override, row.fee_multiplier_override)
    const old =
      before !== undefined &&
      (asked === null || (before.told !== null && asked < before.told + this.#lagUs))
    const series = row.series_ticker ?? before?.series ?? null
    const told = before?.told ?? null
    this.#events.set(row.ticker, { series, fee: old ? before.fee : fee, told })
    if (before === undefined || old || before.fee === fee) return
    const detail = {
      event_ticker: row.ticker,
      fee_type_override: row.fee_type_override ?? null,
      fee_multiplier_override: numberOf(row.fee_multiplier_override),
    }
    this.#change(feeChange(row.ticker, detail, recv, 'rest'))
  }

  /** Takes a series as the store or REST describes it. */
  series(row: SeriesRow, recv: Micros): void {
    const before = this.#series.get(row.ticker)
    const fee = feeOf(row.fee_type, row.fee_multiplier)
    this.#series.set(row.ticker, fee)
    if (before === undefined || before === fee) return
    const { ticker: series_ticker, fee_type } = row
    const detail = { series_ticker, fee_type, fee_multiplier: numberOf(row.fee_multiplier) }
    this.#change(feeChange(series_ticker, detail, recv, 'rest'))
  }

  /** Takes the lifecycle channel's word on an event's fee. */
  fee(word: EventFee, recv: Micros): void {
    const { event_ticker: event } = word
    const { fee_type_override: type, fee_multiplier_override: multiplier } = word
    const fee = feeOf(type, multiplier)
    const before = this.#events.get(event)
    if (before !== undefined) this.#events.set(event, { ...before, fee, told: recv })
    if (before?.fee !== fee) this.#change(feeChange(event, { ...word }, recv, 'stream'))
  }
}

function feeChange(
  event: string,
  detail: Readonly<Record<string, unknown>>,
  recv: Micros,
  source: MarketChange['source'],
): MarketChange {
  return { market: null, event, kind: 'fee', at: null, recv, detail, source }
}

function feeOf(
  type: string | null | undefined,
  multiplier: string | number | null | undefined,
): string {
  return `${type ?? ''} ${numberOf(multiplier) ?? ''}`
}

function numberOf(value: string | number | null | undefined): number | null {
  return value === null || value === undefined ? null : Number(value)
}
