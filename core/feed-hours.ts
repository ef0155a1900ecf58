import type { Stretch } from './coverage.ts'
import { MINUTE_US, type WordMinutes } from './feed-incidents.ts'
import type { Micros } from './instant.ts'
import { hourOf } from './period.ts'

const HOUR_US = 3_600_000_000

/** What the minutes of a UTC hour said that were looked at. */
export type SampledHour = {
  readonly hourUs: Micros
  readonly healthy: number
  readonly degraded: number
  readonly down: number
  /** The median of the minutes' medians and the highest of their 99th percentiles, ms. */
  readonly lagP50Ms: number | null
  readonly lagP99Ms: number | null
  /** The highest, ms. */
  readonly watermarkLagMs: number | null
  readonly staleBooks: number | null
}

/** An hour of the feed, as far as it is known. */
export type FeedHour = Omit<SampledHour, 'healthy' | 'degraded' | 'down'> & {
  readonly minutes: WordMinutes
}

/** Every hour that a stretch of whole minutes touches, oldest first; minutes in which nobody looked are unknown. */
export function fillHours(sampled: readonly SampledHour[], { fromUs, toUs }: Stretch): FeedHour[] {
  const byHour = new Map(sampled.map((each) => [each.hourUs, each]))
  const hours: FeedHour[] = []
  for (let hourUs = hourOf(fromUs); hourUs < toUs; hourUs = (hourUs + HOUR_US) as Micros) {
    const { healthy, degraded, down, ...lags } = byHour.get(hourUs) ?? { ...NOTHING, hourUs }
    const us = Math.min(hourUs + HOUR_US, toUs) - Math.max(hourUs, fromUs)
    const unknown = Math.max(0, us / MINUTE_US - healthy - degraded - down)
    hours.push({ ...lags, minutes: { healthy, degraded, down, unknown } })
  }
  return hours
}

const NOTHING = {
  healthy: 0,
  degraded: 0,
  down: 0,
  lagP50Ms: null,
  lagP99Ms: null,
  watermarkLagMs: null,
  staleBooks: null,
}
