import type { Micros } from '#core/instant'

/** The wall clock, in µs. */
export function wallMicros(): Micros {
  return (Date.now() * 1000) as Micros
}
