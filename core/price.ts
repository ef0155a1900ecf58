/** A price in integer millionths of a dollar, strictly between $0 and $1. */
export type Price = number & { readonly __brand: 'Price' }

const DOLLAR = 1_000_000
const DECIMALS = 6
const ZERO = 48
const POINT = 46

/**
 * Reads a decimal string of dollars (`"0.4200"`, at most six decimals) by its digits.
 * @returns the price, or null when the text is no decimal or lies outside (0, 1)
 */
export function parsePrice(text: string): Price | null {
  // Read by hand: a book has dozens of prices, and a pattern takes several times as long for each.
  let at = 0
  while (text.charCodeAt(at) === ZERO) at += 1
  if (at === 0 || text.charCodeAt(at) !== POINT) return null
  const decimals = text.length - at - 1
  if (decimals < 1 || decimals > DECIMALS) return null
  let millionths = 0
  for (let i = 1; i <= DECIMALS; i += 1) {
    const digit = i <= decimals ? text.charCodeAt(at + i) - ZERO : 0
    if (!(digit >= 0 && digit <= 9)) return null
    millionths = millionths * 10 + digit
  }
  return asPrice(millionths)
}

/** @returns the integer millionths as a price, or null outside (0, 1) */
export function asPrice(millionths: number): Price | null {
  if (!Number.isInteger(millionths) || millionths <= 0 || millionths >= DOLLAR) return null
  return millionths as Price
}

/** Prints a price as decimal dollars: four decimals, or six when it is finer than $0.0001. */
export function printPrice(price: Price): string {
  const digits = String(price).padStart(6, '0')
  return digits.endsWith('00') ? `0.${digits.slice(0, 4)}` : `0.${digits}`
}

/** The price of the other leg: a no bid at p is a yes ask at $1 - p, and the reverse. */
export function complement(price: Price): Price {
  return (DOLLAR - price) as Price
}
