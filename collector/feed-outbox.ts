import { fullChecksum } from '#core/checksum'
import type { BookRecord, Image, Seq } from '#core/log'
import type { MarketLog } from '#core/market-log'
import type { Ticker } from '#core/ticker'
import { printImage, printRecord } from '#core/wire/record'

/** One message's worth of items, in characters; far below what a feed message may hold. */
const MESSAGE_CHARACTERS = 512 * 1024
/** Records kept of a watched market, to answer a `need` without an image. */
const RECENT = 256

type Waiting = { image: boolean; readonly records: string[] }
type Recent = { readonly seq: Seq; readonly text: string }

/** What a book begins from: its image, or the gap that tells why there is none; then its end, if it has one. */
function startOf(log: MarketLog): {
  readonly image: Image | null
  readonly records: readonly BookRecord[]
} {
  const { ending, openGap } = log
  if (ending === null) return { image: log.image(), records: openGap === null ? [] : [openGap] }
  return ending.kind === 'book'
    ? { image: ending.image, records: [ending.end] }
    : { image: null, records: [ending.gap, ending.end] }
}

/** What one shard is to be sent: records and images of the markets that it watches. */
export class FeedOutbox {
  readonly #logs: ReadonlyMap<Ticker, MarketLog>
  readonly #bound: number
  readonly #watched = new Map<Ticker, Recent[]>()
  readonly #waiting = new Map<Ticker, Waiting>()
  #records = 0
  #bytes = 0

  /** @param bound records that may wait; past it the shard starts over from images */
  constructor(logs: ReadonlyMap<Ticker, MarketLog>, bound: number) {
    this.#logs = logs
    this.#bound = bound
  }

  get empty(): boolean {
    return this.#waiting.size === 0
  }

  /** Characters of the waiting records. */
  get bytes(): number {
    return this.#bytes
  }

  get overflown(): boolean {
    return this.#records > this.#bound
  }

  get watched(): number {
    return this.#watched.size
  }

  /** Takes a record if its market is watched; tells whether it was taken. */
  add(market: Ticker, record: BookRecord): boolean {
    const recent = this.#watched.get(market)
    if (recent === undefined) return false
    const text = JSON.stringify(printRecord(record))
    recent.push({ seq: record.seq, text })
    if (recent.length > RECENT) recent.shift()
    this.#put(market, text)
    return true
  }

  /** These markets are watched from now on; each begins with an image, once its log has begun. */
  watch(markets: readonly Ticker[]): void {
    for (const market of markets) {
      if (!this.#watched.has(market)) this.#watched.set(market, [])
      this.#restart(market)
    }
  }

  /**
   * A book fell behind.
   * @param have the last seq that it took; null when only an image helps
   */
  need(market: Ticker, have: Seq | null): void {
    const recent = this.#watched.get(market)
    if (recent === undefined) {
      this.watch([market])
      return
    }
    const missing = have === null ? [] : recent.filter(({ seq }) => seq > have)
    if (have === null || missing[0]?.seq !== have + 1) {
      this.#restart(market)
      return
    }
    this.#drop(market)
    for (const { text } of missing) this.#put(market, text)
  }

  /** A new connection: nothing is owed, nobody is known to watch. */
  clear(): void {
    this.#watched.clear()
    this.#waiting.clear()
    this.#records = 0
    this.#bytes = 0
  }

  /** Takes items for one message as JSON text; null when nothing waits. */
  take(): string | null {
    const items: string[] = []
    let characters = 0
    for (const market of [...this.#waiting.keys()]) {
      const item = this.#item(market)
      this.#drop(market)
      if (item === null) continue
      items.push(item)
      characters += item.length
      if (characters > MESSAGE_CHARACTERS) break
    }
    return items.length === 0 ? null : `[${items.join(',')}]`
  }

  #item(market: Ticker): string | null {
    const waiting = this.#waiting.get(market)
    const log = this.#logs.get(market)
    if (waiting === undefined || log === undefined) return null
    const whole = waiting.image ? startOf(log) : { image: null, records: [] }
    const records = waiting.image
      ? whole.records.map((record) => JSON.stringify(printRecord(record)))
      : waiting.records
    if (whole.image === null && records.length === 0) return null
    const parts = [`"m":${JSON.stringify(market)}`]
    if (records.length > 0) parts.push(`"records":[${records.join(',')}]`)
    if (whole.image !== null) parts.push(`"image":${JSON.stringify(printImage(whole.image))}`)
    const last = log.image()
    if (last !== null) parts.push(`"sum":${fullChecksum(last)}`)
    return `{${parts.join(',')}}`
  }

  #restart(market: Ticker): void {
    this.#drop(market)
    this.#wait(market).image = true
  }

  #put(market: Ticker, text: string): void {
    this.#wait(market).records.push(text)
    this.#records += 1
    this.#bytes += text.length
  }

  #wait(market: Ticker): Waiting {
    const known = this.#waiting.get(market)
    if (known !== undefined) return known
    const waiting: Waiting = { image: false, records: [] }
    this.#waiting.set(market, waiting)
    return waiting
  }

  #drop(market: Ticker): void {
    const waiting = this.#waiting.get(market)
    if (waiting === undefined) return
    this.#waiting.delete(market)
    this.#records -= waiting.records.length
    for (const text of waiting.records) this.#bytes -= text.length
  }
}
