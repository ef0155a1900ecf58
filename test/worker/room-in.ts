/**
 * Waits until so much (ms) is left of the span of UTC time that it is, a minute, an hour or a day: what is counted by such
 * spans is then counted in one of them. A test that takes longer than it says may see the next one.
 */
export async function roomIn(spanMs: number, neededMs: number): Promise<void> {
  for (;;) {
    const leftMs = spanMs - (Date.now() % spanMs)
    if (leftMs >= neededMs) return
    await new Promise((resolve) => setTimeout(resolve, leftMs))
  }
}
