import type { FaultRig } from './fault-rig.ts'

/** Something of some markets that the collector could not know. */
export type Loss = {
  /** When the first of it was lost, or could have been: the exchange's clock, µs. */
  readonly atUs: number
  /** By when it had begun to be lost, µs; at `atUs` when absent. */
  readonly byUs?: number
  readonly markets: readonly string[]
  /** Why, as the gap may say. */
  readonly causes: readonly string[]
  /** When its gap must be over at the latest (µs); absent where nothing is promised. */
  readonly overUs?: number
}

/** What a fault did. */
export type Struck = {
  /** How often it really happened. */
  readonly times: number
  /** What of it must be in gaps, and nothing else may be. */
  readonly losses: readonly Loss[]
  /** What was found wrong while it went on. */
  readonly problems?: readonly string[]
  /** How far receive times may be behind and ahead of the exchange's clock from now on, µs. */
  readonly behindUs?: number
  readonly aheadUs?: number
}

/** Something that may go wrong. */
export type Fault = {
  readonly name: string
  /** Makes it happen, and answers when it has. Throws when it does not strike. */
  readonly strike: (rig: FaultRig) => Promise<Struck>
}
