/** Something at Stripe is not as we need it, and cannot be changed by us. */
export class SetUpError extends Error {}

/** Notes what is made and what was there. */
export type Notes = {
  readonly made: string[]
  readonly found: string[]
  readonly secrets: Record<string, string>
}

/** Throws SetUpError when an object is of another mode than its key. */
export function sameMode(of: string, object: { readonly livemode: boolean }, live: boolean): void {
  if (object.livemode !== live) throw new SetUpError(`${of} is of another mode than the key`)
}
