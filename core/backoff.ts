/** The wait before a first try, which must come within 1 s of the loss, and the span it is drawn from. */
const FIRST_MS = [50, 700] as const
/** The second must come within 2 s more. */
const SECOND_MS = [300, 1500] as const
const LONGEST_MS = 30_000

/**
 * How long to wait before a reconnect attempt, in ms.
 * @param attempt 0 for the first after a loss; goes on for ever
 * @param random in [0, 1): spreads the attempts of many
 */
export function backoffMs(attempt: number, random: number): number {
  const [low, high] = attempt === 0 ? FIRST_MS : attempt === 1 ? SECOND_MS : span(attempt)
  return Math.round(low + (high - low) * random)
}

function span(attempt: number): readonly [number, number] {
  return [1000, Math.min(LONGEST_MS, 1000 * 2 ** Math.min(attempt, 10))]
}
