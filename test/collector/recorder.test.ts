import { expect, test } from 'vitest'
import type { MarketRecord } from '#core/ingest'
import type { Micros } from '#core/instant'
import type { Epoch } from '#core/log'
import { MarketLog } from '#core/market-log'
import type { Price } from '#core/price'
import type { SizeChange } from '#core/size'
import type { Ticker } from '#core/ticker'
import { Recorder } from '../../collector/recorder.ts'

const NOW = 1_000_000 as Micros

/** Records these in batches of ten at most; answers how many records each batch had. */
async function batchesOf(records: readonly MarketRecord[]): Promise<number[]> {
  const sizes: number[] = []
  const recorder = new Recorder({
    write: async (batch) => {
      sizes.push(batch.records.length)
      return 'written'
    },
    clock: () => NOW,
    marketIds: new Map(records.map(({ market }, i) => [market, i])),
    queue: 1000,
    batch: 10,
    everyMs: 1,
    watermarkMs: 1,
    full: () => {},
    drained: () => {},
    leaseLost: () => {},
    broken: () => {},
  })
  recorder.add(records)
  recorder.start()
  await recorder.stop()
  return sizes
}

test('the gaps of many markets at one instant fit into batches', async () => {
  const records = Array.from({ length: 35 }, (_, i): MarketRecord => {
    const log = new MarketLog(1 as Epoch, null)
    const record = log.snapshot({ yes: [], no: [] }, NOW)
    if (record === null) throw new Error('no snapshot')
    return { market: `M-${i}` as Ticker, record }
  })
  expect((await batchesOf(records)).slice(0, 4)).toEqual([10, 10, 10, 5])
})

test('both halves of an amend are in one batch', async () => {
  const log = new MarketLog(1 as Epoch, null)
  const market = 'M' as Ticker
  const first = log.snapshot({ yes: [], no: [] }, NOW)
  if (first === null) throw new Error('no snapshot')
  const records: MarketRecord[] = [{ market, record: first }]
  for (let i = 1; i < 14; i++) {
    // Records 9 and 10, on either side of the bound, were received together.
    const recv = (NOW + (i === 10 ? 9 : i)) as Micros
    const delta = log.delta('yes', (i * 1000) as Price, 100 as SizeChange, NOW, recv)
    if (delta.kind === 'recorded') records.push({ market, record: delta.record })
  }
  expect((await batchesOf(records)).slice(0, 2)).toEqual([11, 3])
})
