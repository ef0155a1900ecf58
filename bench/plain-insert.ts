import type { Micros } from '#core/instant'
import { type DeltaRecord, type Epoch, seqOf } from '#core/log'
import type { Price } from '#core/price'
import type { Size, SizeChange } from '#core/size'
import { connectStore } from '../collector/store/connect.ts'
import { insertRecords, type MarketRecord } from '../collector/store/log-rows.ts'
import { percentile } from './figure.ts'
import { nowUs } from './lag-watch.ts'

/** As many rows as the collector puts into one transaction at most by default. */
const BATCH = 5000
const EPOCH = 1 as Epoch

/** What a plain loop reaches: rows a second, and how long 99 of 100 transactions took at most, ms. */
export type PlainInsert = { readonly rowsPerS: number; readonly p99Ms: number }

/**
 * Inserts deltas of so many markets in a loop that does nothing else, with the collector's own statement into
 * the same tables, one transaction after the other, and removes them again.
 */
export async function plainInsert(
  collectorUrl: string,
  clear: () => Promise<unknown>,
  markets: number,
  seconds: number,
): Promise<PlainInsert> {
  const sql = connectStore(collectorUrl, 1)
  await sql`select kb.make_book_partitions(${nowUs()}::int8, 2)`
  const tookMs: number[] = []
  let rows = 0
  const begun = performance.now()
  while (performance.now() - begun < seconds * 1000) {
    const batch = Array.from({ length: BATCH }, (_, i) => made(rows + i, markets))
    const at = performance.now()
    await sql.begin((tx) => insertRecords(tx, batch))
    tookMs.push(performance.now() - at)
    rows += BATCH
  }
  const rowsPerS = rows / ((performance.now() - begun) / 1000)
  await sql.end({ timeout: 1 })
  await clear()
  return { rowsPerS, p99Ms: percentile(tookMs, 0.99) }
}

function made(nth: number, markets: number): MarketRecord {
  const record: DeltaRecord = {
    kind: 'delta',
    seq: seqOf(EPOCH, Math.floor(nth / markets)),
    recv: nowUs() as Micros,
    event: (nowUs() - 4000) as Micros,
    side: nth % 2 === 0 ? 'yes' : 'no',
    price: (10_000 * (1 + (nth % 98))) as Price,
    change: (100 * (1 + (nth % 900))) as SizeChange,
    size: (100 * (1 + (nth % 3000))) as Size,
  }
  // Markets come in no order, as from the exchange.
  return { marketId: 1 + ((nth * 7919) % markets), record }
}
