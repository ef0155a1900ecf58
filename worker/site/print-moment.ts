/** A time as pages write it, UTC to the minute: `2026-11-23 14:05`. @param instant RFC 3339 in UTC, as our routes answer it */
export function printMoment(instant: string): string {
  return `${instant.slice(0, 10)} ${instant.slice(11, 16)}`
}

/** The day of it alone: `2026-11-23`. @param instant RFC 3339 in UTC */
export function printDay(instant: string): string {
  return instant.slice(0, 10)
}
