import { setTimeout as sleep } from 'node:timers/promises'

const AGAIN_MS = 20_000

/** Asks as whoever is told when to come again: what is refused for a moment (503) is asked for again then, for a while. */
export async function askAgain(ask: () => Promise<Response>): Promise<Response> {
  for (const deadline = Date.now() + AGAIN_MS; ; ) {
    const answer = await ask()
    const after = answer.headers.get('retry-after')
    if (answer.status !== 503 || after === null || Date.now() > deadline) return answer
    await answer.body?.cancel()
    await sleep(1000 * Number(after))
  }
}
