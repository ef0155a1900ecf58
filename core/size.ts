/** A resting amount in integer hundredths of a contract, never negative. */
export type Size = number & { readonly __brand: 'Size' }

/** A signed change of a resting amount, in integer hundredths of a contract. */
export type SizeChange = number & { readonly __brand: 'SizeChange' }

/** More than the 13 digits of whole contracts that can be read and printed. */
const TOO_MANY = 10 ** 15
const WHOLE_DIGITS = 13
const ZERO = 48
const POINT = 46
const MINUS = 45

/** Reads a decimal string of contracts (`"-30.87"`) by its digits; null when it is not one. */
export function parseSizeChange(text: string): SizeChange | null {
  // Read by hand: a book has dozens of sizes, and a pattern takes several times as long for each.
  const minus = text.charCodeAt(0) === MINUS
  const from = minus ? 1 : 0
  let at = from
  let hundredths = 0
  for (; at < text.length && text.charCodeAt(at) !== POINT; at += 1) {
    const digit = text.charCodeAt(at) - ZERO
    if (!(digit >= 0 && digit <= 9)) return null
    hundredths = hundredths * 10 + digit
  }
  if (at === from || at - from > WHOLE_DIGITS) return null
  const decimals = text.length - at - 1
  if (decimals === 0 || decimals > 2) return null
  for (let i = 1; i <= 2; i += 1) {
    const digit = i <= decimals ? text.charCodeAt(at + i) - ZERO : 0
    if (!(digit >= 0 && digit <= 9)) return null
    hundredths = hundredths * 10 + digit
  }
  return (minus && hundredths !== 0 ? -hundredths : hundredths) as SizeChange
}

/** Reads a decimal string of contracts; null when it is not one, or is negative. */
export function parseSize(text: string): Size | null {
  const change = parseSizeChange(text)
  return change === null || change < 0 ? null : (change as number as Size)
}

/** @returns the integer hundredths as a size, or null when negative, no integer or unprintable */
export function asSize(hundredths: number): Size | null {
  if (!Number.isInteger(hundredths) || hundredths < 0 || hundredths >= TOO_MANY) return null
  return hundredths as Size
}

/** Prints a size or a change with exactly two decimals: `900.00`, `-0.09`. */
export function printSize(size: Size | SizeChange): string {
  const digits = String(Math.abs(size)).padStart(3, '0')
  return `${size < 0 ? '-' : ''}${digits.slice(0, -2)}.${digits.slice(-2)}`
}
