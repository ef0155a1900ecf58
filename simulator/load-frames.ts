import { type Price, printPrice } from '#core/price'
import type { Market } from './market.ts'
import { printTimestamp } from './timestamp.ts'

const CENT = 10_000
const ZERO = 0x30
const MINUS = 0x2d
const DOT = 0x2e
const SIDES = ['yes', 'no'] as const

/** Bytes that a frame may take at most, with its header. */
export const FRAME_BYTES = 1024

/**
 * Prints the frames of deltas out of ready pieces, as whole websocket messages, straight into the bytes
 * of a batch: text made of strings would cost several times as much.
 */
export class LoadFrames {
  readonly #markets: Uint8Array[]
  readonly #prices: Uint8Array[]
  readonly #tails: [yes: Uint8Array, no: Uint8Array] = [new Uint8Array(), new Uint8Array()]
  #second = -1

  constructor(markets: readonly Market[]) {
    this.#markets = markets.map(({ ticker, id }) =>
      ascii(`,"msg":{"market_ticker":"${ticker}","market_id":"${id}","price_dollars":"`),
    )
    this.#prices = Array.from({ length: 100 }, (_, cents) =>
      ascii(cents === 0 ? '' : `${printPrice((cents * CENT) as Price)}","delta_fp":"`),
    )
  }

  /** Sets the exchange's time of the deltas that follow (microseconds). */
  date(atUs: number): void {
    // The exchange trims trailing zeros of a fraction: one that ends in 7 has none.
    const us = atUs - (atUs % 10) + 7
    const second = Math.floor(us / 1_000_000)
    if (second !== this.#second) {
      this.#second = second
      const date = printTimestamp(second * 1_000_000).slice(0, -1)
      SIDES.forEach((side, i) => {
        this.#tails[i] = ascii(`","side":"${side}","ts":"${date}.000000Z","ts_ms":${second}000}}`)
      })
    }
    const fraction = us - second * 1_000_000
    for (const tail of this.#tails) {
      // Both lie at a fixed distance from the end: `.000000Z","ts_ms":` and ten digits of seconds.
      writeDigits(tail, tail.length - 5, fraction / 1000, 3)
      writeDigits(tail, tail.length - 32, fraction, 6)
    }
  }

  /**
   * Writes one message of the websocket.
   * @param head the frame up to its seq
   * @param side 0 for yes, 1 for no
   * @param price in cents, as it is to be shown
   * @param change in hundredths of a contract
   * @returns where the message ends in `out`
   */
  write(
    out: Uint8Array,
    begin: number,
    head: Uint8Array,
    seq: number,
    market: number,
    side: 0 | 1,
    price: number,
    change: number,
  ): number {
    let at = append(out, begin + 4, head)
    at = writeInteger(out, at, seq)
    at = append(out, at, this.#markets[market])
    at = append(out, at, this.#prices[price])
    at = writeSize(out, at, change)
    at = append(out, at, this.#tails[side])
    // The header of an unmasked, final text frame of 126 to 65535 bytes: RFC 6455 §5.2.
    const length = at - begin - 4
    out[begin] = 0x81
    out[begin + 1] = 126
    out[begin + 2] = length >> 8
    out[begin + 3] = length & 255
    return at
  }
}

/** Text that has one byte a character as bytes. */
export function ascii(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text, 'latin1'))
}

function append(out: Uint8Array, at: number, piece: Uint8Array | undefined): number {
  if (piece === undefined) throw new Error('a frame without one of its pieces')
  // A loop is quicker than `set` for a few bytes.
  if (piece.length > 48) out.set(piece, at)
  else for (let i = 0; i < piece.length; i += 1) out[at + i] = piece[i] ?? 0
  return at + piece.length
}

/** Writes the last so many digits of a number so that they begin at a place. */
function writeDigits(out: Uint8Array, at: number, value: number, digits: number): void {
  let left = Math.floor(value)
  for (let i = digits - 1; i >= 0; i -= 1) {
    const next = Math.floor(left / 10)
    out[at + i] = ZERO + left - next * 10
    left = next
  }
}

function writeInteger(out: Uint8Array, at: number, value: number): number {
  let digits = 1
  for (let bound = 10; value >= bound; bound *= 10) digits += 1
  writeDigits(out, at, value, digits)
  return at + digits
}

function writeSize(out: Uint8Array, at: number, hundredths: number): number {
  let place = at
  if (hundredths < 0) {
    out[place] = MINUS
    place += 1
  }
  const size = Math.abs(hundredths)
  const whole = Math.floor(size / 100)
  place = writeInteger(out, place, whole)
  out[place] = DOT
  writeDigits(out, place + 1, size - whole * 100, 2)
  return place + 3
}
