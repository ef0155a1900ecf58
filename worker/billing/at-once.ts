/** A run of the schedule takes up nothing more after so long, ms: the next one goes on, not this one beside it. */
const RUN_MS = 45_000

/** Works on each of a list, a few at once, until all are done or the run has taken long enough. Throws as `work` does. */
export async function atOnce<One>(
  list: readonly One[],
  most: number,
  work: (one: One) => Promise<void>,
): Promise<void> {
  const left = list.toReversed()
  const endMs = Date.now() + RUN_MS
  const lane = async () => {
    for (let one = left.pop(); one !== undefined && Date.now() < endMs; one = left.pop()) {
      await work(one)
    }
  }
  await Promise.all(Array.from({ length: most }, lane))
}
