/** What a collector's process does. */
export type DutyState =
  /** Another holds the lease, or nobody can tell. */
  | 'standby'
  /** The lease is ours; the epoch is not open yet. */
  | 'opening'
  | 'recording'
  /** Handing over. */
  | 'stopping'

export type HealthInput = {
  readonly state: DutyState
  /** How long the process has been in this state, ms. */
  readonly stateMs: number
  /** How long ago the exchange last sent a frame, ms; null when it sent none in this state. */
  readonly frameMs: number | null
  /** Whether Postgres said that another holds the lease under which we record. "Unknown" is not lost. */
  readonly leaseLost: boolean
  /** How far the store is behind the clock, ms; null before its first watermark. */
  readonly recordLagMs: number | null
  readonly spoolBytes: number
  /** The disk refuses what is to be spooled. */
  readonly spoolFailing: boolean
}

export type HealthBounds = {
  readonly silentMs: number
  readonly openingMs: number
  readonly recordLagMs: number
  readonly spoolBytes: number
}

export type UnhealthyReason =
  /** No frame of the exchange, though we record. */
  | 'feed_silent'
  /** What waits for Postgres is older than it may be. */
  | 'spool_old'
  /** What waits for Postgres takes more room than it may. */
  | 'spool_large'
  /** The disk refuses: what the exchange says cannot be kept. */
  | 'spool_failing'
  | 'lease_lost'
  /** The lease is held and no epoch comes to be open. */
  | 'opening_slow'

/**
 * Judges a collector; no reason means healthy. A standby is healthy, and so is one that cannot reach Postgres, as long as its
 * spool has room and is young.
 */
export function judgeHealth(input: HealthInput, bounds: HealthBounds): UnhealthyReason[] {
  switch (input.state) {
    case 'standby':
    case 'stopping':
      return []
    case 'opening':
      return input.stateMs > bounds.openingMs ? ['opening_slow'] : []
    case 'recording':
      return recordingFaults(input, bounds)
  }
}

function recordingFaults(input: HealthInput, bounds: HealthBounds): UnhealthyReason[] {
  const silentMs = Math.min(input.stateMs, input.frameMs ?? Number.POSITIVE_INFINITY)
  const faults: [boolean, UnhealthyReason][] = [
    [silentMs > bounds.silentMs, 'feed_silent'],
    // Until the first watermark, the state itself tells how long nothing became durable.
    [(input.recordLagMs ?? input.stateMs) > bounds.recordLagMs, 'spool_old'],
    [input.spoolBytes > bounds.spoolBytes, 'spool_large'],
    [input.spoolFailing, 'spool_failing'],
    [input.leaseLost, 'lease_lost'],
  ]
  return faults.flatMap(([wrong, reason]) => (wrong ? [reason] : []))
}
