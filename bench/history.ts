import type { Figure } from './figure.ts'
import { benchBooks } from './history-books.ts'
import { checkBooks } from './history-check.ts'
import { benchLists } from './history-lists.ts'
import { sizeOf } from './history-plan.ts'
import { openHistoryRig, tell } from './history-rig.ts'
import { benchStreams } from './history-streams.ts'

const DELTAS = 10_000_000
const CLIENTS = 16

/** A figure, and whether the Worker reached Postgres through a pool. */
type PooledFigure = Figure & { readonly pool: 'pgbouncer' | 'none' }

/**
 * What reading the past costs, over HTTP from the Worker in workerd, which reaches Postgres through PgBouncer where that is
 * installed. Baselines are the same functions of worker/store called by a Node client with connections of its own.
 * BENCH_DELTAS makes a smaller store than that of ten million deltas.
 */
export async function* benchHistory(): AsyncGenerator<PooledFigure> {
  const deltas = Number(process.env['BENCH_DELTAS'] ?? DELTAS)
  const rig = await openHistoryRig(sizeOf(deltas), CLIENTS)
  const { pool } = rig
  try {
    await checkBooks(rig)
    tell('books of the past are as they should be')
    for (const bench of [benchBooks, benchLists, benchStreams]) {
      for await (const each of bench(rig)) yield { ...each, pool }
    }
  } finally {
    await rig.stop()
  }
}
