import type { Price } from './state.ts'

const DECIMALS = 12
const ONE = 10n ** BigInt(DECIMALS)

/** Cents for so many units of a price, rounded half up once, at the end, as a line of an invoice is. */
export function amountOf(price: Price, units: number): number {
  const { unit, tiers, transform } = price
  if (tiers !== null) return rounded(tiered(tiers, BigInt(units)))
  const counted =
    transform === null
      ? units
      : transform.round === 'up'
        ? Math.ceil(units / transform.divideBy)
        : Math.floor(units / transform.divideBy)
  return rounded(scaled(unit ?? '0') * BigInt(counted))
}

/** A part of an amount by the second, rounded half up. @param cents of the whole, which may be below 0 */
export function partOf(cents: number, partS: number, wholeS: number): number {
  const exact = BigInt(cents) * BigInt(partS) * 2n + BigInt(wholeS)
  const by = 2n * BigInt(wholeS)
  const quotient = exact / by
  return Number(exact % by < 0n ? quotient - 1n : quotient)
}

/** Each unit is priced by the tier that it falls in. */
function tiered(tiers: NonNullable<Price['tiers']>, units: bigint): bigint {
  let [sum, from] = [0n, 0n]
  for (const { upTo, unit } of tiers) {
    const to = upTo === null || BigInt(upTo) > units ? units : BigInt(upTo)
    if (to > from) sum += (to - from) * scaled(unit)
    from = to > from ? to : from
  }
  return sum
}

function scaled(decimal: string): bigint {
  const [whole = '0', part = ''] = decimal.split('.')
  return BigInt(whole) * ONE + BigInt(part.padEnd(DECIMALS, '0').slice(0, DECIMALS))
}

function rounded(value: bigint): number {
  return Number((value + ONE / 2n) / ONE)
}
