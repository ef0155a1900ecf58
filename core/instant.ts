/** A moment in integer microseconds since the epoch, UTC. */
export type Micros = number & { readonly __brand: 'Micros' }

/** No frame's or row's time is taken from here on (the year 2112): differences of two times stay countable below it. */
export const TOO_LATE = 2 ** 52

const RFC3339 =
  /^(\d{4})-(\d{2})-(\d{2})[Tt](\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,9}))?([Zz]|[+-]\d{2}:\d{2})$/
const EPOCH = /^(?:\d{10}|\d{13}|\d{16}|\d{19})$/
/** The form of what `parseInstant` reads; not every such text names a moment (30 February). */
export const INSTANT_SHAPE = new RegExp(`${EPOCH.source}|${RFC3339.source}`)

/**
 * Reads RFC 3339 with a zone, or epoch time of exactly 10 (s), 13 (ms), 16 (µs) or 19 (ns) digits.
 * Fractions finer than a microsecond are cut off. Null when the text is neither, or beyond 2⁵³ µs.
 */
export function parseInstant(text: string): Micros | null {
  if (EPOCH.test(text)) return exact(Number(text.slice(0, 16).padEnd(16, '0')))
  const match = RFC3339.exec(text)
  if (match === null) return null
  const [, year, month, day, hour, minute, second, fraction = '', zone = 'Z'] = match
  const ms = Date.UTC(+(year ?? 0), +(month ?? 0) - 1, +(day ?? 0), +(hour ?? 0), +(minute ?? 0))
  const date = new Date(ms)
  const real =
    // Date.UTC takes the years 0 to 99 for 1900 to 1999.
    date.getUTCFullYear() === Number(year) &&
    date.getUTCMonth() + 1 === Number(month) &&
    date.getUTCDate() === Number(day) &&
    Number(hour) < 24 &&
    Number(minute) < 60 &&
    Number(second) < 60
  const offset = zoneMinutes(zone)
  if (!real || offset === null) return null
  const seconds = ms / 1000 + Number(second) - offset * 60
  return exact(seconds * 1_000_000 + Number(fraction.slice(0, 6).padEnd(6, '0')))
}

/** Past 2⁵³ µs (the year 2255) a number no longer names one microsecond. */
function exact(micros: number): Micros | null {
  return Number.isSafeInteger(micros) ? (micros as Micros) : null
}

/** Prints RFC 3339 UTC with exactly six decimals: `2026-11-21T17:00:00.250000Z`. */
export function printInstant(at: Micros): string {
  const whole = new Date(Math.floor(at / 1000)).toISOString().slice(0, -1)
  return `${whole}${String(((at % 1000) + 1000) % 1000).padStart(3, '0')}Z`
}

function zoneMinutes(zone: string): number | null {
  if (zone === 'Z' || zone === 'z') return 0
  const hours = Number(zone.slice(1, 3))
  const minutes = Number(zone.slice(4, 6))
  if (hours > 23 || minutes > 59) return null
  return (zone.startsWith('-') ? -1 : 1) * (hours * 60 + minutes)
}
