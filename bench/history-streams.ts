import { sweepLog } from '../worker/store/log-sweep.ts'
import { ApiClient } from './api-client.ts'
import { type Figure, figure, percentile } from './figure.ts'
import { makeLog } from './history-log.ts'
import type { HistoryRig } from './history-rig.ts'
import type { LoggedMarket } from './history-store.ts'
import { memoryOf, processesUnder } from './process-use.ts'

const ROUNDS = 3
const LOOK_MS = 100
const MB = 1_000_000
const NEWLINE = 10
const LONGEST_LINE = 1000

/**
 * The whole log of the market with the most records as one stream, NDJSON and CSV, one client, beside a Node client that
 * reads the same records by the same statements; and the Worker's memory at the end beside that after its first stream.
 */
export async function* benchStreams(rig: HistoryRig): AsyncGenerator<Figure> {
  const [market, plan] = [rig.markets[0], rig.plan.logs[0]]
  if (market === undefined || plan === undefined) throw new Error('no market')
  let records = 0
  for (const _ of makeLog(plan)) records += 1
  const client = new ApiClient(rig.url, rig.apiKey)
  const path = `/v1/markets/${market.ticker}/deltas`
  // The last line of NDJSON says that it is whole, the first of CSV is its header.
  const stream = (accept: string) => streamed(client, path, accept, records + 1)
  try {
    await stream('application/x-ndjson')
    const memory = watchMemory(rig)
    const rates: Record<'ndjson' | 'csv' | 'node', number[]> = { ndjson: [], csv: [], node: [] }
    for (let round = 0; round < ROUNDS; round += 1) {
      rates.ndjson.push(await stream('application/x-ndjson'))
      rates.node.push(await readAll(rig, market, records))
      rates.csv.push(await stream('text/csv'))
    }
    const node = percentile(rates.node, 0.5)
    yield figure('ndjson_rows_per_s', 'rows/s', percentile(rates.ndjson, 0.5), node)
    yield figure('csv_rows_per_s', 'rows/s', percentile(rates.csv, 0.5), node)
    const { begin, most } = memory.stop()
    if (begin > 0) yield figure('worker_memory_mb', 'MB', most / MB, begin / MB)
  } finally {
    client.close()
  }
}

/** Rows a second of one stream. Throws when it is not whole: so many lines are to come. */
async function streamed(
  client: ApiClient,
  path: string,
  accept: string,
  lines: number,
): Promise<number> {
  let seen = 0
  let last: Buffer = Buffer.alloc(0)
  const begun = performance.now()
  const status = await client.stream(path, accept, (chunk) => {
    for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, at + 1)) seen += 1
    last = chunk.length > LONGEST_LINE ? chunk : Buffer.concat([last, chunk])
  })
  const seconds = (performance.now() - begun) / 1000
  const end = last.toString().trimEnd().split('\n').at(-1) ?? ''
  if (status !== 200 || seen !== lines) {
    throw new Error(`${accept}: ${status}, ${seen} lines of ${lines}, last ${end.slice(0, 300)}`)
  }
  if (accept.includes('ndjson') && !end.startsWith('{"type":"end"')) {
    throw new Error(`the stream did not end: ${end.slice(0, 300)}`)
  }
  return lines / seconds
}

/** Rows a second that a Node client reads on a connection of its own. */
async function readAll(
  { reader }: HistoryRig,
  market: LoggedMarket,
  records: number,
): Promise<number> {
  const begun = performance.now()
  let read = 0
  const range = { markets: [market], order: 'asc', most: Number.MAX_SAFE_INTEGER } as const
  for await (const { rows } of sweepLog(reader, range)) read += rows.length
  if (read !== records) throw new Error(`${read} records of ${records} were read`)
  return records / ((performance.now() - begun) / 1000)
}

/** The Worker's memory from now on, bytes; nothing where it cannot be told. */
function watchMemory({ workerPid }: HistoryRig) {
  const pids = processesUnder(workerPid, 'workerd')
  const begin = memoryOf(pids)
  let most = begin
  const look = setInterval(() => {
    most = Math.max(most, memoryOf(pids))
  }, LOOK_MS)
  const stop = () => {
    clearInterval(look)
    return { begin, most }
  }
  return { stop }
}
