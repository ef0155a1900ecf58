import type { BookRecord } from '../log.ts'
import { priceText, SeriesText, sizeText } from './number-text.ts'
import { printRecord } from './record.ts'

/** Prints records as lines of NDJSON: what JSON.stringify makes of `printRecord`, several times as fast. */
export class RecordText {
  readonly #seqs = new SeriesText()
  readonly #events = new SeriesText()
  readonly #received = new SeriesText()

  /** @param market the ticker with which the line begins; none when absent */
  line(record: BookRecord, market?: string): string {
    // A ticker needs no escapes.
    const start = market === undefined ? '{' : `{"market":"${market}",`
    if (record.kind !== 'delta') {
      return `${start}${JSON.stringify(printRecord(record)).slice(1)}\n`
    }
    const { seq, side, price, change, size, event, recv } = record
    return `${start}"type":"delta","seq":${this.#seqs.print(seq)},"side":"${side}","price":"${priceText(price)}","change":"${sizeText(change)}","size":"${sizeText(size)}","event_us":${event === null ? 'null' : this.#events.print(event)},"recv_us":${this.#received.print(recv)}}\n`
  }
}
