import type { Micros } from './instant.ts'
import type { ChangeSource } from './market-change.ts'
import type { Ticker } from './ticker.ts'

/** A result that the exchange gave a market; a later one replaces it, and the last is the one that is paid. */
export type Settlement = {
  readonly market: Ticker
  /** 0 is the first. */
  readonly n: number
  /** `yes`, `no` or `scalar`. */
  readonly result: string
  /** What a yes pays, decimal dollars as the exchange wrote them. */
  readonly value: string | null
  /** When the exchange says that it was found; null when it does not say. */
  readonly determined: Micros | null
  /** When it was paid; null before. */
  readonly settled: Micros | null
  readonly recv: Micros
  readonly source: ChangeSource
}

const DECIMAL = /^(\d{1,9})(?:\.(\d{1,12}))?$/

/** Prints decimal dollars with four decimals, or six when they are finer; what is no decimal or finer still as it is. */
export function printDollars(text: string): string {
  const [, whole, decimals = ''] = DECIMAL.exec(text) ?? []
  const digits = decimals.replace(/0+$/, '')
  if (whole === undefined || digits.length > 6) return text
  return `${Number(whole)}.${digits.padEnd(digits.length > 4 ? 6 : 4, '0')}`
}
