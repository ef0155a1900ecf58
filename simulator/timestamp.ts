import { type Micros, printInstant } from '#core/instant'

/**
 * Prints microseconds as the exchange does: RFC 3339 UTC with the trailing zeros of the fraction
 * trimmed, and no fraction at all on a whole second.
 */
export function printTimestamp(us: number): string {
  return printInstant(us as Micros).replace(/\.?0+Z$/, 'Z')
}

/** @returns microseconds as whole seconds, rounded down */
export function toSeconds(us: number): number {
  return Math.floor(us / 1_000_000)
}

/** @returns microseconds as whole milliseconds, rounded down */
export function toMillis(us: number): number {
  return Math.floor(us / 1000)
}
