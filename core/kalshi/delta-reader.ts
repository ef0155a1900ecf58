import { type Micros, parseInstant, TOO_LATE } from '../instant.ts'
import type { Side } from '../log.ts'
import { asPrice, type Price } from '../price.ts'
import type { SizeChange } from '../size.ts'
import type { Ticker } from '../ticker.ts'
import type { DeltaFrame } from './decode.ts'

const HEAD = bytesOf('{"type":"orderbook_delta","sid":')
const SEQ = bytesOf(',"seq":')
const MARKET = bytesOf(',"msg":{"market_ticker":"')
const ID = bytesOf('","market_id":"')
const PRICE = bytesOf('","price_dollars":"0.')
const CHANGE = bytesOf('","delta_fp":"')
const YES = bytesOf('","side":"yes"')
const NO = bytesOf('","side":"no"')
const TS = bytesOf(',"ts":"')
const TS_MS = bytesOf(',"ts_ms":')
const END = bytesOf('}}')
/** `2026-08-07T06:46:`, in which all frames of a minute agree. */
const MINUTE_LENGTH = 17

const IN_TICKER = 1
const IN_ID = 2
/** Which bytes may stand in a ticker, and which in a market's id. */
const KIND = new Uint8Array(256)
for (const each of 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-') {
  KIND[each.charCodeAt(0)] = IN_TICKER | (/[0-9a-f-]/.test(each) ? IN_ID : 0)
}
const LONGEST_TICKER = 128
/** Tickers kept at most; then all are read anew. */
const TICKERS = 200_000
const MINUS = 45
const POINT = 46
const ZERO = 48
const QUOTE = 34
const ZULU = 90
const LATEST_MS = (TOO_LATE - 1) / 1000
const MINUTE_US = 60_000_000
const TEN_TO = [1, 10, 100, 1000, 10_000, 100_000, 1_000_000]

/**
 * Reads delta frames that are written byte for byte as the exchange writes them, several times as fast as by way of
 * text, JSON and a schema. Every byte is checked. Of any other frame it says nothing.
 */
export class DeltaReader {
  #bytes: Uint8Array = new Uint8Array(0)
  #at = 0
  /** By hash: a ticker that was met before needs no new string. */
  readonly #tickers = new Map<number, Ticker>()
  #minute: Uint8Array = new Uint8Array(0)
  #minuteUs = 0

  /** One text frame; null when it is no delta or is written in any other way, which `decodeFrame` may read. */
  read(bytes: Uint8Array): DeltaFrame | null {
    this.#bytes = bytes
    this.#at = 0
    if (!this.#skip(HEAD)) return null
    const sid = this.#whole()
    if (sid < 1 || !this.#skip(SEQ)) return null
    const seq = this.#whole()
    if (seq < 1 || !this.#skip(MARKET)) return null
    const market = this.#ticker()
    if (market === null || !this.#skip(ID)) return null
    this.#run(IN_ID)
    if (!this.#skip(PRICE)) return null
    const price = this.#decimals()
    if (price === null || !this.#skip(CHANGE)) return null
    const change = this.#change()
    if (change === null) return null
    const side = this.#side()
    if (side === null) return null
    const fine = this.#skip(TS) ? this.#time() : 0
    if (fine < 0 || !this.#skip(TS_MS)) return null
    const ms = this.#whole()
    if (ms < 0 || ms > LATEST_MS || !this.#skip(END) || this.#at !== bytes.length) return null
    const event = (fine === 0 ? ms * 1000 : fine) as Micros
    return { kind: 'delta', sid, seq, market, side, price, change, event }
  }

  #skip(expected: Uint8Array): boolean {
    const bytes = this.#bytes
    const at = this.#at
    for (let i = 0; i < expected.length; i += 1) if (bytes[at + i] !== expected[i]) return false
    this.#at = at + expected.length
    return true
  }

  #byte(ahead = 0): number {
    return this.#bytes[this.#at + ahead] ?? 0
  }

  /** As many digits as there are; -1 when there are none, or more than thirteen. */
  #digits(): number {
    const bytes = this.#bytes
    const from = this.#at
    let at = from
    let value = 0
    for (;;) {
      const digit = (bytes[at] ?? 0) - ZERO
      if (digit < 0 || digit > 9) break
      value = value * 10 + digit
      at += 1
    }
    this.#at = at
    return at === from || at - from > 13 ? -1 : value
  }

  /** A number of JSON, which begins with no zero. */
  #whole(): number {
    const zero = this.#byte() === ZERO
    const from = this.#at
    const value = this.#digits()
    return zero && this.#at - from > 1 ? -1 : value
  }

  #run(kind: number): void {
    const bytes = this.#bytes
    let at = this.#at
    while (((KIND[bytes[at] ?? 0] ?? 0) & kind) !== 0) at += 1
    this.#at = at
  }

  #ticker(): Ticker | null {
    const bytes = this.#bytes
    const from = this.#at
    let hash = 0
    let at = from
    for (;;) {
      const byte = bytes[at] ?? 0
      if (((KIND[byte] ?? 0) & IN_TICKER) === 0) break
      hash = (Math.imul(hash, 31) + byte) | 0
      at += 1
    }
    this.#at = at
    if (at === from || at - from > LONGEST_TICKER) return null
    const known = this.#tickers.get(hash)
    if (known !== undefined && this.#reads(known, from, at)) return known
    if (this.#tickers.size >= TICKERS) this.#tickers.clear()
    const ticker = textOf(bytes.subarray(from, at)) as Ticker
    this.#tickers.set(hash, ticker)
    return ticker
  }

  #reads(text: string, from: number, to: number): boolean {
    if (text.length !== to - from) return false
    for (let i = 0; i < text.length; i += 1) {
      if (this.#bytes[from + i] !== text.charCodeAt(i)) return false
    }
    return true
  }

  /** The decimals of `0.4200`. */
  #decimals(): Price | null {
    const from = this.#at
    const value = this.#digits()
    const scale = TEN_TO[6 - (this.#at - from)]
    return value < 0 || scale === undefined ? null : asPrice(value * scale)
  }

  /** `-30.87`, always with two decimals, in hundredths. */
  #change(): SizeChange | null {
    const minus = this.#byte() === MINUS
    if (minus) this.#at += 1
    const whole = this.#digits()
    if (whole < 0 || this.#byte() !== POINT) return null
    this.#at += 1
    const from = this.#at
    const rest = this.#digits()
    if (rest < 0 || this.#at - from !== 2) return null
    const hundredths = whole * 100 + rest
    return (minus && hundredths !== 0 ? -hundredths : hundredths) as SizeChange
  }

  #side(): Side | null {
    if (this.#skip(YES)) return 'yes'
    return this.#skip(NO) ? 'no' : null
  }

  /** `2026-08-07T06:46:28.97871Z"` in µs, -1 when it is written in any other way. */
  #time(): number {
    if (this.#minute.length === 0 || !this.#skip(this.#minute)) {
      if (!this.#learnMinute()) return -1
    }
    let from = this.#at
    const seconds = this.#digits()
    if (this.#at - from !== 2 || seconds > 59) return -1
    let us = this.#minuteUs + seconds * 1_000_000
    if (this.#byte() === POINT) {
      this.#at += 1
      from = this.#at
      const fraction = this.#digits()
      const scale = TEN_TO[6 - (this.#at - from)]
      if (fraction < 0 || scale === undefined) return -1
      us += fraction * scale
    }
    if (this.#byte() !== ZULU || this.#byte(1) !== QUOTE) return -1
    this.#at += 2
    return us
  }

  /** Reads a minute in full and keeps it: the frames that follow are mostly of the same one. */
  #learnMinute(): boolean {
    // A copy: `slice` of a socket's buffer would be a view of bytes that are the socket's to write again.
    const minute = Uint8Array.from(this.#bytes.subarray(this.#at, this.#at + MINUTE_LENGTH))
    const us = parseInstant(`${textOf(minute)}00Z`)
    if (us === null || us <= 0 || us >= TOO_LATE - MINUTE_US) return false
    this.#minute = minute
    this.#minuteUs = us
    this.#at += MINUTE_LENGTH
    return true
  }
}

function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(text, (each) => each.charCodeAt(0))
}

function textOf(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes)
}
