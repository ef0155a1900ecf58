/** What the collector tells its starter each second, as far as it is shown. */
export type ShownStatus = {
  readonly markets: number
  readonly known: number
  readonly frames: number
  readonly lagP99Ms: number | null
  readonly recordLagMs: number | null
  readonly gaps: number
}

/**
 * Prints one line on how the product does.
 * @param before the status a second earlier, null for the first
 */
export function statusLine(status: ShownStatus, before: ShownStatus | null): string {
  const rate = Math.max(0, status.frames - (before?.frames ?? status.frames))
  const ms = (value: number | null) => (value === null ? '–' : `${Math.round(value)} ms`)
  return [
    `${rate} messages/s`,
    `${status.markets} markets`,
    `lag p99 ${ms(status.lagP99Ms)}`,
    `recorded ${ms(status.recordLagMs)} ago`,
    `${status.markets - status.known} stale books`,
    `${status.gaps} gaps`,
  ].join(' · ')
}
