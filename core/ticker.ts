/** The exchange's id of a market; it may hold dots (`KXGOLDH-26AUG2711-T4615.99`). */
export type Ticker = string & { readonly __brand: 'Ticker' }

/** The form of every ticker, of markets, events and series alike. */
export const TICKER_SHAPE = /^[A-Za-z0-9._-]{1,128}$/

/** @returns the text as a ticker, or null when it cannot be one */
export function parseTicker(text: string): Ticker | null {
  return TICKER_SHAPE.test(text) ? (text as Ticker) : null
}
