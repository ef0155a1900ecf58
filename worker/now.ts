import type { Micros } from '#core/instant'

/** The moment now by this machine's clock, µs. */
export function nowUs(): Micros {
  return (Date.now() * 1000) as Micros
}
