import { setTimeout as pause } from 'node:timers/promises'
import { z } from 'zod'

const page = z.object({ data: z.array(z.object({ ticker: z.string(), event: z.string() })) })
const PATIENCE_MS = 30_000
const PAUSE_MS = 100

/**
 * Makes the first call: lists one market that is described. Tries again for 30 s.
 * @param url where the API listens
 * @param followed how many markets the collector follows: their descriptions are written beside their books, and may come later
 * @returns its ticker, null when the exchange has none
 * Throws with the last answer when none is right.
 */
export async function firstMarket(
  url: string,
  apiKey: string,
  followed: number,
): Promise<string | null> {
  const deadline = Date.now() + PATIENCE_MS
  for (;;) {
    const { status, text } = await call(`${url}/v1/markets?limit=1`, apiKey)
    const market = status === 200 ? page.parse(JSON.parse(text)).data[0] : undefined
    // One whose records came before its description is of no event yet.
    if (market !== undefined && market.event !== '') return market.ticker
    if (status === 200 && followed === 0) return null
    if (Date.now() >= deadline) throw new Error(`the first call is answered ${status}: ${text}`)
    await pause(PAUSE_MS)
  }
}

async function call(address: string, apiKey: string): Promise<{ status: number; text: string }> {
  const headers = { authorization: `Bearer ${apiKey}` }
  try {
    const answer = await fetch(address, { headers, signal: AbortSignal.timeout(PATIENCE_MS) })
    return { status: answer.status, text: await answer.text() }
  } catch (error) {
    return { status: 0, text: error instanceof Error ? error.message : String(error) }
  }
}
