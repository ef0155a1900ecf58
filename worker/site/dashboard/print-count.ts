/** A count with commas: `12,345`. */
export function printCount(count: number): string {
  return Math.round(count).toLocaleString('en-US')
}

/** A time to the minute, UTC: `2026-11-23 14:05`. @param us µs */
export function printTime(us: number): string {
  return new Date(us / 1000).toISOString().slice(0, 16).replace('T', ' ')
}
