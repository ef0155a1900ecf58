import { setTimeout as sleep } from 'node:timers/promises'
import { nowUs } from './lag-watch.ts'
import type { SoakRig } from './soak-rig.ts'
import { storedChecksums } from './stored-books.ts'

const LOOK_MS = 250

/** Books of the exchange's open markets beside what the collector and the store hold, when all is at rest. */
export type SoakCheck = {
  /** open markets */
  readonly markets: number
  /** those whose book the collector or the store takes for known, and is another */
  readonly wrong: readonly string[]
  /** those that the collector or the store does not know */
  readonly unknown: number
}

/** Lets trading rest until all is durable and known, or so long, ms; compares every book; lets it go on. */
export async function quietCheck(rig: SoakRig, patienceMs: number): Promise<SoakCheck> {
  const { exchange } = rig
  exchange.pause()
  const restUs = nowUs() + 100_000
  const deadline = Date.now() + patienceMs
  const open = await openMarkets(rig)
  const truth = exchange.checksums()
  let held: Record<string, number | null> = {}
  for (;;) {
    held = (await rig.collector.ask('checksums'))['checksums'] as typeof held
    const known = open.every((market) => typeof held[market] === 'number')
    const durable = nowUs() - rig.lag.lagMs * 1000 > restUs
    if ((known && durable) || Date.now() > deadline) break
    await sleep(LOOK_MS)
  }
  const stored = await storedChecksums(rig.reader, open)
  exchange.start()
  const differs = (sum: number | null | undefined, market: string) =>
    typeof sum === 'number' && sum !== truth[market]
  return {
    markets: open.length,
    wrong: open.filter(
      (market) => differs(held[market], market) || differs(stored.get(market), market),
    ),
    unknown: open.filter(
      (market) => typeof held[market] !== 'number' || typeof stored.get(market) !== 'number',
    ).length,
  }
}

async function openMarkets({ exchange }: SoakRig): Promise<string[]> {
  const tickers: string[] = []
  for (let cursor = '', more = true; more; more = cursor !== '') {
    const url = `${exchange.restUrl}/markets?limit=1000&status=open&cursor=${cursor}`
    const answer = await fetch(url)
    if (!answer.ok) {
      await sleep(LOOK_MS)
      continue
    }
    const page = (await answer.json()) as { markets: { ticker: string }[]; cursor: string }
    tickers.push(...page.markets.map(({ ticker }) => ticker))
    cursor = page.cursor
  }
  return tickers
}
