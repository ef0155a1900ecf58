import type { Entry } from '#core/entry'
import { inPlaceOf, RefusedMarkets } from '#core/refused-record'
import type { Clock } from './clock.ts'
import { logEvent } from './log-event.ts'
import { codeOf } from './seal-writer.ts'
import type { StoredRecord } from './store/entries.ts'

/**
 * Codes of an entry that no retry stores: ours, and Postgres's classes 22 and 23, bad data and
 * violated constraints (https://www.postgresql.org/docs/17/errcodes-appendix.html).
 */
export const UNSTORABLE = /^(?:record_unstorable|2[23][0-9A-Z]{3})$/

/** What writing came to: the records that are stored, or why nothing more is to be written. */
export type Outcome = readonly StoredRecord[] | 'lease_lost' | 'stopped'

export type SparingWriterOptions = {
  /** Stores entries in one transaction; may be repeated. */
  readonly write: (entries: readonly Entry[]) => Promise<Outcome>
  /** Hears of each entry that could not be stored. */
  readonly refused: (entry: Entry) => void
  readonly clock: Clock
}

/** Stores entries so that what is wrong with one costs no other: it is set aside, and leaves a gap where it was a record. */
export class SparingWriter {
  readonly #options: SparingWriterOptions
  readonly #refused = new RefusedMarkets()

  constructor(options: SparingWriterOptions) {
    this.#options = options
  }

  /** Stores entries, in order. Throws as `write` does, unless the fault is an entry's; then it may be done again. */
  async write(entries: readonly Entry[]): Promise<Outcome> {
    const readable = this.#refused.readable(entries)
    try {
      return await this.#options.write(readable)
    } catch (error) {
      const reason = codeOf(error)
      if (!UNSTORABLE.test(reason)) throw error
      return this.#writeParts(readable, reason)
    }
  }

  async #writeParts(entries: readonly Entry[], reason: string): Promise<Outcome> {
    const [only, ...others] = entries
    if (only === undefined) return []
    if (others.length === 0) return this.#writeInstead(only, reason)
    const half = Math.ceil(entries.length / 2)
    const first = await this.write(entries.slice(0, half))
    if (typeof first === 'string') return first
    const second = await this.write(entries.slice(half))
    return typeof second === 'string' ? second : [...first, ...second]
  }

  async #writeInstead(entry: Entry, reason: string): Promise<Outcome> {
    if (entry.kind === 'aside') {
      logEvent('aside_refused', { reason })
      return []
    }
    logEvent('entry_refused', { kind: entry.kind, reason })
    if (entry.kind === 'record') this.#refused.add(entry.market)
    this.#options.refused(entry)
    return this.write(inPlaceOf(entry, reason, this.#options.clock()))
  }
}
