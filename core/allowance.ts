/** What was spent of a month's credits. */
export type Spent = {
  /** Settled. */
  readonly used: number
  /** The part of what was settled that went beyond the included credits; it stays so, whatever is granted later. */
  readonly over: number
  /** Reserved, and not settled. */
  readonly held: number
}

/**
 * The credits that may still be reserved.
 * @param included of the month
 * @param overage that the month may go beyond them
 */
export function creditsLeft(
  { used, over, held }: Spent,
  included: number,
  overage: number,
): number {
  // Each of both alone: overage that was suspended takes nothing of what is included, nor the other way round.
  const ofIncluded = Math.max(0, included - (used - over))
  const ofOverage = Math.max(0, overage - over)
  return Math.max(0, ofIncluded + ofOverage - held)
}

/**
 * The part of credits that are settled now which goes beyond the included ones: those come first. What was reserved when more
 * was allowed, under a higher cap or in the month before, is our loss: nobody is billed beyond the cap.
 */
export function overPart(
  { used, over }: Spent,
  included: number,
  overage: number,
  credits: number,
): number {
  const beyond = credits - Math.min(credits, Math.max(0, included - (used - over)))
  return Math.min(beyond, Math.max(0, overage - over))
}
