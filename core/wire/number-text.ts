import { type Price, printPrice } from '../price.ts'
import type { Size, SizeChange } from '../size.ts'

const THOUSANDTHS = Array.from({ length: 1000 }, (_, n) => String(n).padStart(3, '0'))
const HUNDREDTHS = THOUSANDTHS.slice(0, 100).map((text) => `.${text.slice(1)}`)
const prices: (string | undefined)[] = []

/** What `printPrice` prints; prices of whole hundredths of a cent, which are few, are remembered. */
export function priceText(price: Price): string {
  if (price % 100 !== 0) return printPrice(price)
  const place = price / 100
  const known = prices[place]
  if (known !== undefined) return known
  const text = printPrice(price)
  prices[place] = text
  return text
}

/** What `printSize` prints. */
export function sizeText(size: Size | SizeChange): string {
  const positive = Math.abs(size)
  const whole = Math.floor(positive / 100)
  return `${size < 0 ? '-' : ''}${whole}${HUNDREDTHS[positive - whole * 100]}`
}

/** Prints integers of which each differs little from the one before: times, and the numbers of records. */
export class SeriesText {
  #millions = -1
  #start = ''

  /** @param value from 0 */
  print(value: number): string {
    const millions = Math.floor(value / 1_000_000)
    if (millions !== this.#millions) {
      this.#millions = millions
      this.#start = String(millions)
    }
    if (millions === 0) return String(value)
    const rest = value - millions * 1_000_000
    const thousands = Math.floor(rest / 1000)
    return this.#start + THOUSANDTHS[thousands] + THOUSANDTHS[rest - thousands * 1000]
  }
}
