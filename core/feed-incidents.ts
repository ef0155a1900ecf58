import type { Stretch } from './coverage.ts'
import type { FeedWord } from './feed-health.ts'
import type { Micros } from './instant.ts'

export const MINUTE_US = 60_000_000

/** What is known of a minute of the feed: a minute in which nobody looked is no healthy one. */
export type MinuteWord = FeedWord | 'unknown'

/** Minutes in a row of one word; `toUs` exclusive, µs. */
export type FeedRun<Word extends MinuteWord = FeedWord> = Stretch & { readonly word: Word }

/** How many minutes of each word. */
export type WordMinutes = { readonly [Word in MinuteWord]: number }

/** Minutes in a row in which the feed was not known to be healthy. */
export type Incident = {
  readonly fromUs: Micros
  /** null while it lasts. */
  readonly toUs: Micros | null
  /** The worst of its minutes' words. */
  readonly word: Exclude<MinuteWord, 'healthy'>
  readonly minutes: WordMinutes
}

/** The begin of the minute that an instant lies in. */
export function minuteOf(atUs: Micros): Micros {
  return (atUs - (atUs % MINUTE_US)) as Micros
}

/**
 * Fills a stretch of whole minutes: what no run tells of is unknown.
 * @param runs in their order, apart from each other
 */
export function fillRuns(
  runs: readonly FeedRun[],
  { fromUs, toUs }: Stretch,
): FeedRun<MinuteWord>[] {
  const filled: FeedRun<MinuteWord>[] = []
  let doneUs = fromUs
  for (const run of runs) {
    const from = Math.max(run.fromUs, doneUs) as Micros
    const to = Math.min(run.toUs, toUs) as Micros
    if (from >= to) continue
    if (from > doneUs) filled.push({ word: 'unknown', fromUs: doneUs, toUs: from })
    filled.push({ word: run.word, fromUs: from, toUs: to })
    doneUs = to
  }
  if (doneUs < toUs) filled.push({ word: 'unknown', fromUs: doneUs, toUs })
  return filled
}

/**
 * Folds what is known of a stretch to its incidents, oldest first: minutes in a row that were not known to be healthy are
 * one, whatever they were.
 * @param filled as fillRuns makes it; an incident that reaches its end still lasts
 */
export function foldIncidents(filled: readonly FeedRun<MinuteWord>[]): Incident[] {
  const incidents: Incident[] = []
  const endUs = filled.at(-1)?.toUs
  let parts: FeedRun<MinuteWord>[] = []
  for (const [nth, run] of filled.entries()) {
    if (run.word !== 'healthy') parts.push(run)
    if (run.word !== 'healthy' && nth < filled.length - 1) continue
    if (parts.length > 0) incidents.push(incidentOf(parts, endUs))
    parts = []
  }
  return incidents
}

function incidentOf(parts: readonly FeedRun<MinuteWord>[], endUs: Micros | undefined): Incident {
  const minutes = countWords(parts)
  const fromUs = Math.min(...parts.map((part) => part.fromUs)) as Micros
  const toUs = Math.max(...parts.map((part) => part.toUs)) as Micros
  const word = minutes.down > 0 ? 'down' : minutes.degraded > 0 ? 'degraded' : 'unknown'
  return { fromUs, toUs: toUs === endUs ? null : toUs, word, minutes }
}

/** How many minutes of each word there are in these runs. */
export function countWords(runs: readonly FeedRun<MinuteWord>[]): WordMinutes {
  const minutes = { healthy: 0, degraded: 0, down: 0, unknown: 0 }
  for (const { word, fromUs, toUs } of runs) minutes[word] += (toUs - fromUs) / MINUTE_US
  return minutes
}
