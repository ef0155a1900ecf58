import type { Micros } from './instant.ts'
import type { Price } from './price.ts'
import type { Size, SizeChange } from './size.ts'

/** A record's number in its market's log: `epoch · 2³² + n`, below 2⁵³. */
export type Seq = number & { readonly __brand: 'Seq' }
/** Which lease of the collector wrote a record. */
export type Epoch = number & { readonly __brand: 'Epoch' }

export type Side = 'yes' | 'no'
/** One price level of one side: `[price, size]`. */
export type Level = readonly [Price, Size]
/** Both bid ladders, each best (highest price) first. */
export type Ladders = { readonly yes: readonly Level[]; readonly no: readonly Level[] }

export const SNAPSHOT_REASONS = ['first', 'gap', 'epoch', 'exchange', 'check'] as const
export type SnapshotReason = (typeof SNAPSHOT_REASONS)[number]

export const GAP_CAUSES = [
  'sequence',
  'cut',
  'silence',
  'epoch',
  'mismatch',
  'overflow',
  'disk',
  'malformed',
  'maintenance',
] as const
export type GapCause = (typeof GAP_CAUSES)[number]

export const END_REASONS = ['settled', 'deselected'] as const
export type EndReason = (typeof END_REASONS)[number]

type Stamped = {
  readonly seq: Seq
  /** When we received it, our clock. */
  readonly recv: Micros
  /** When the exchange says it happened; snapshots and gaps have none. */
  readonly event: Micros | null
}

export type SnapshotRecord = Stamped &
  Ladders & { readonly kind: 'snapshot'; readonly reason: SnapshotReason }
export type DeltaRecord = Stamped & {
  readonly kind: 'delta'
  readonly side: Side
  readonly price: Price
  readonly change: SizeChange
  /** The resulting size of the level; 0 when the level is gone. */
  readonly size: Size
}
export type GapRecord = Stamped & {
  readonly kind: 'gap'
  readonly cause: GapCause
  /** The last moment at which we can vouch for the book. */
  readonly from: Micros
  /** The seq before this one, across epochs too; null when the log begins with this gap. */
  readonly prevSeq: Seq | null
}
export type EndRecord = Stamped & { readonly kind: 'end'; readonly reason: EndReason }

/** One entry of a market's log. */
export type BookRecord = SnapshotRecord | DeltaRecord | GapRecord | EndRecord

/** A book after record `seq`, sent to somebody who needs a start; it is no record. */
export type Image = Ladders & { readonly kind: 'image' } & Stamped

/** A gap as known now: `to` is the recv of the market's next snapshot, null until then. */
export type Gap = {
  readonly seq: Seq
  readonly cause: GapCause
  readonly from: Micros
  readonly to: Micros | null
  readonly noticed: Micros
  readonly prevSeq: Seq | null
}

/** Records that one epoch can number. */
export const EPOCH_SIZE = 2 ** 32

/** Numbers record `n` (0, 1, …) of an epoch. Throws RangeError when it would reach 2⁵³. */
export function seqOf(epoch: Epoch, n: number): Seq {
  const seq = epoch * EPOCH_SIZE + n
  if (!Number.isSafeInteger(seq) || n < 0 || n >= EPOCH_SIZE || epoch < 0) {
    throw new RangeError(`no seq for epoch ${epoch}, record ${n}`)
  }
  return seq as Seq
}

/** The epoch that wrote a record. */
export function epochOf(seq: Seq): Epoch {
  return Math.floor(seq / EPOCH_SIZE) as Epoch
}

/** The record's number inside its epoch, from 0. */
export function numberOf(seq: Seq): number {
  return seq % EPOCH_SIZE
}

const HOUR_MS = 3_600_000
const EPOCH_ZERO_MS = Date.UTC(2026, 0, 1)

/** The epoch a new lease opens: above the last one, and no lower than the hours since 2026-01-01T00Z. */
export function nextEpoch(last: Epoch | null, nowMs: number): Epoch {
  const hours = Math.max(0, Math.floor((nowMs - EPOCH_ZERO_MS) / HOUR_MS))
  return Math.max((last ?? -1) + 1, hours) as Epoch
}

/** @returns the integer as a seq, or null when it cannot be one */
export function asSeq(value: number): Seq | null {
  return Number.isSafeInteger(value) && value >= 0 ? (value as Seq) : null
}
