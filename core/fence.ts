import type { Epoch } from './log.ts'

/** Which collector a shard has accepted last: its epoch and the secret drawn with it. */
export type Holder = { readonly epoch: Epoch; readonly lease: string }

/** What a shard does about a collector that presents itself. */
export type FenceVerdict =
  /** The one it knows already. */
  | { readonly kind: 'accept' }
  /** A newer epoch: believed when the lease row says the same. */
  | { readonly kind: 'ask_lease' }
  /** Another lease is ahead, or has this very epoch. */
  | { readonly kind: 'superseded'; readonly highest: Epoch }

/** Judges a collector against the highest one seen, null when none was. */
export function fence(comer: Holder, highest: Holder | null): FenceVerdict {
  if (highest === null || comer.epoch > highest.epoch) return { kind: 'ask_lease' }
  if (comer.epoch === highest.epoch && comer.lease === highest.lease) return { kind: 'accept' }
  return { kind: 'superseded', highest: highest.epoch }
}
