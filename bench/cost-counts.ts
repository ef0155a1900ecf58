import { writeFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { format } from 'node:util'
import type { OutboxCounts } from './counting-outbox.ts'
import { fanoutTicker } from './fanout-markets.ts'
import { FanoutRig } from './fanout-rig.ts'
import { openGateway } from './gateway-figures.ts'

/** What was counted while so many watched records a second went to each shard. */
export type CountedRate = {
  readonly recordsPerShard: number
  readonly batchesPerShard: number
  readonly itemsPerRecord: number
  readonly feedBytesPerRecord: number
  readonly streamMessagesPerRecord: number
}

/** What the bench counted, and when. */
export type CostCounts = { readonly date: string; readonly rates: readonly CountedRate[] }

export const COUNTS_FILE = new URL('./cost-counts.json', import.meta.url)
const MARKETS = 1000
/** Watched records a second, of all eight shards together. */
const RATES = [250, 1000, 5000, 10_000]
const WARM_UP_MS = 2000
const COUNTED_MS = 8000

/** Counts what goes to the shards and to one connection at several rates, and keeps it in `bench/cost-counts.json`. */
export async function* countForCost(): AsyncGenerator<string> {
  const rig = await FanoutRig.open(MARKETS, 0)
  const rates: CountedRate[] = []
  try {
    const client = await rig.launch('gateway-client', 'bench/gateway-client.ts', {})
    const markets = Array.from({ length: MARKETS }, (_, nth) => fanoutTicker(nth))
    await openGateway(rig, client, { markets })
    const run = { first: 0, markets: MARKETS, ours: true, bare: false }
    const count = async () => {
      const { shards } = (await rig.feed.ask('counts')) as unknown as { shards: OutboxCounts[] }
      const messages = Number((await client.ask('report'))['messages'])
      const sum = (name: keyof OutboxCounts) => shards.reduce((all, each) => all + each[name], 0)
      return { sum, shards: shards.length, messages }
    }
    for (const rate of RATES) {
      await rig.send({ ...run, rate, ms: WARM_UP_MS })
      const before = await count()
      await rig.send({ ...run, rate, ms: COUNTED_MS })
      await sleep(500)
      const after = await count()
      const grown = (name: keyof OutboxCounts) => after.sum(name) - before.sum(name)
      const [records, shardSeconds] = [grown('records'), (after.shards * COUNTED_MS) / 1000]
      const kept = {
        recordsPerShard: records / shardSeconds,
        batchesPerShard: grown('batches') / shardSeconds,
        itemsPerRecord: grown('items') / records,
        feedBytesPerRecord: grown('characters') / records,
        streamMessagesPerRecord: (after.messages - before.messages) / records,
      }
      rates.push(kept)
      yield format('%o', kept)
    }
  } finally {
    await rig.stop()
  }
  const counts: CostCounts = { date: new Date().toISOString().slice(0, 10), rates }
  await writeFile(COUNTS_FILE, `${JSON.stringify(counts, null, 2)}\n`)
}
