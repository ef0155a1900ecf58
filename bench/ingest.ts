import { setTimeout as sleep } from 'node:timers/promises'
import { type Figure, figure, percentile } from './figure.ts'
import { IngestRig } from './ingest-rig.ts'
import type { MeasuredChild } from './measured-child.ts'
import { benchSize } from './size.ts'
import { sustainedRate } from './sustained.ts'

const LEVELS = 40
const HALF_RATE_MS = 30_000
const READER_MS = 10_000
const MANY_MARKETS = 50_000
const MANY_RATE = 2000
const STEADY_MS = 60_000
const LOOKS = 20
const MB = 1_000_000

/**
 * What the collector takes in: the exchange under load, Postgres (fsync and synchronous_commit on) and the collector are
 * each a process of its own. Figures, each beside its baseline of the same run:
 * deltas a second from the socket to durable, beside rows a second of a plain loop with the same statement;
 * the 99th percentile of socket-to-durable at half that rate, beside that of the plain loop's transactions;
 * processor seconds for a million deltas, beside a process that only parses the frames;
 * memory with 50,000 markets of 40 levels, beside the same process holding nothing.
 * What the exchange's own process costs is printed beside them, and what a delta takes once it is sealed.
 */
export async function* benchIngest(): AsyncGenerator<Figure> {
  yield await inMemory()
  yield* await atMarkets(1000, '1k')
  yield* await atMarkets(20_000, '20k')
  yield* await benchSize()
}

async function atMarkets(markets: number, name: string): Promise<Figure[]> {
  const rig = await IngestRig.open(markets, LEVELS)
  try {
    const rate = await sustainedRate(rig)
    const { rowsPerS, p99Ms } = rig.baseline
    const durable = figure(`ingest_durable_per_s_${name}`, 'deltas/s', rate, rowsPerS)
    if (name !== '1k') return [durable]
    const half = await atRate(rig, rig.collector, rate / 2, HALF_RATE_MS)
    const lagMs = rig.lag.percentileMs(half.fromUs, half.toUs, 0.99)
    await rig.quiet()
    await rig.agree()
    const reader = await rig.plainReader(async (child) => ({
      ...(await atRate(rig, child, rate / 2, READER_MS)),
      rss: child.usage.rss,
    }))
    const cost = (what: string, value: number, baseline: number) =>
      figure(what, 's', value, baseline)
    return [
      durable,
      figure('ingest_lag_p99_ms', 'ms', lagMs, p99Ms),
      cost('cpu_s_per_million_deltas', half.cpuSPerMillion, reader.cpuSPerMillion),
      cost('exchange_cpu_s_per_million_deltas', half.exchangeSPerMillion, reader.cpuSPerMillion),
    ]
  } finally {
    await rig.stop()
  }
}

/** Sends at a rate, and says what a process spent on each million deltas; times in microseconds. */
async function atRate(rig: IngestRig, child: MeasuredChild, rate: number, ms: number) {
  await rig.setRate(Math.round(rate))
  await sleep(3000)
  rig.lag.forget()
  const [before, begun] = [child.usage, await rig.sent()]
  await sleep(ms)
  const [after, ended] = [child.usage, await rig.sent()]
  const deltas = ended.deltas - begun.deltas
  return {
    fromUs: begun.atUs,
    toUs: ended.atUs - 2_000_000,
    cpuSPerMillion: (after.cpuUs - before.cpuUs) / deltas,
    exchangeSPerMillion: (ended.cpuUs - begun.cpuUs) / deltas,
  }
}

async function inMemory(): Promise<Figure> {
  const rig = await IngestRig.open(MANY_MARKETS, LEVELS)
  try {
    await rig.setRate(MANY_RATE)
    await sleep(STEADY_MS)
    const rss: number[] = []
    for (let look = 0; look < LOOKS; look += 1) {
      rss.push(rig.collector.usage.rss / MB)
      await sleep(1000)
    }
    await rig.quiet()
    await rig.agree()
    const reader = await rig.plainReader(async (child) => {
      await sleep(3000)
      return { cpuSPerMillion: 0, rss: child.usage.rss }
    })
    return figure('memory_50k_markets_mb', 'MB', percentile(rss, 0.5), reader.rss / MB)
  } finally {
    await rig.stop()
  }
}
