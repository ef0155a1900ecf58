import type { DutyState } from '#core/health'

/** A collector under test, in this process or in one of its own. */
export type RunningCollector = {
  readonly name: string
  /** What it does, as far as it said. */
  readonly state: DutyState | 'ended'
  /** The full checksum of every book, null while it is not known. Throws when it is not there to answer. */
  checksums(): Promise<Record<string, number | null>>
  /** Hands over and ends. */
  stop(): Promise<void>
}
