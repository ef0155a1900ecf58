/** A resting amount in integer hundredths of a contract, never negative. */
export type Size = number & { readonly __brand: 'Size' }

/** A signed change of a resting amount, in integer hundredths of a contract. */
export type SizeChange = number & { readonly __brand: 'SizeChange' }

/** More than the 13 digits of whole contracts that can be read and printed. */
const TOO_MANY = 10 ** 15
const SHAPE = /^(-?)([0-9]{1,13})(?:\.([0-9]{1,2}))?$/

/** Reads a decimal string of contracts (`"-30.87"`) by its digits; null when it is not one. */
export function parseSizeChange(text: string): SizeChange | null {
  const match = SHAPE.exec(text)
  if (match === null) return null
  const hundredths = Number(match[2]) * 100 + Number((match[3] ?? '').padEnd(2, '0'))
  return (match[1] === '-' && hundredths !== 0 ? -hundredths : hundredths) as SizeChange
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
