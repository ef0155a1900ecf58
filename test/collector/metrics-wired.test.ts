import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { WebSocketServer } from 'ws'
import type { Collector } from '../../collector/collector.ts'
import { type RunningHttp, startHttp } from '../../collector/http.ts'
import { until } from '../until.ts'
import { openRig, type Rig } from './rig.ts'

const TOKEN = 'the-admin-token-of-tests'
const MARKETS = 6
const RATE = 1500

let rig: Rig
let collector: Collector
let shard: WebSocketServer
let http: RunningHttp
let watched: string[] = []

beforeAll(async () => {
  shard = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  await once(shard, 'listening')
  // A shard as far as the collector sees one: it watches everything and takes all that comes.
  shard.on('connection', (socket) => {
    socket.on('message', (data) => {
      const message: { hello?: unknown; n?: number } = JSON.parse(String(data))
      if (message.hello !== undefined) socket.send(JSON.stringify({ watch: watched }))
      if (message.n !== undefined) socket.send(JSON.stringify({ ack: message.n }))
    })
  })
  const { port } = shard.address() as AddressInfo
  rig = await openRig(
    { markets: MARKETS, rate: RATE, seed: 5 },
    {
      FEED_URL: `ws://127.0.0.1:${port}/internal/feed`,
      TRUTH_EVERY_MS: '50',
      TRUTH_SPAN_MS: '100',
      SEAL_EVERY_MS: '50',
    },
  )
  watched = rig.exchange.tickers()
  collector = await rig.start()
  const { epoch } = collector
  const status = () => collector.status()
  rig.metrics.readFrom(() => ({ state: 'recording', lease: 'held', epoch, status: status() }))
  http = await startHttp({
    port: 0,
    host: '127.0.0.1',
    adminToken: TOKEN,
    health: () => ({ state: 'recording', lease: 'held', reasons: [], status: status() }),
    metrics: () => rig.metrics.text(),
  })
  await until('every book is known', () => status().known === MARKETS)
})

afterAll(async () => {
  await http.close()
  await rig.stop()
  for (const client of shard.clients) client.terminate()
  shard.close()
})

/** A scrape as Prometheus makes it: each series by name and labels, and the names that the types are told of. */
async function scrape(): Promise<{ names: Set<string>; series: Map<string, number> }> {
  const headers = { authorization: `Bearer ${TOKEN}` }
  const response = await fetch(`http://127.0.0.1:${http.port}/metrics`, { headers })
  expect(response.status).toBe(200)
  const lines = (await response.text()).split('\n')
  const names = lines.flatMap((line) => /^# TYPE (\S+)/.exec(line)?.[1] ?? [])
  const series = lines.flatMap((line) => {
    const [, name, value] = /^([^#\s]\S*) (\S+)$/.exec(line) ?? []
    return name === undefined ? [] : [[name, Number(value)] as const]
  })
  // What Node and the process do is told by the library.
  const ours = names.filter((name) => !/^kalshibook_(process|nodejs)_/.test(name))
  return { names: new Set(ours), series: new Map(series) }
}

/** A scrape, and what the collector says of itself, between which no book was held against the exchange's answer. */
async function scrapeAtRest() {
  for (;;) {
    const { checked } = collector.status()
    const { series } = await scrape()
    const status = collector.status()
    if (status.checked === checked) return { series, status }
  }
}

const sum = (series: ReadonlyMap<string, number>, of: RegExp) =>
  [...series].reduce((total, [name, value]) => total + (of.test(name) ? value : 0), 0)

/** Adds the metrics of which a series is above nothing. */
function note(series: ReadonlyMap<string, number>, moved: Set<string>): ReadonlySet<string> {
  for (const [name, value] of series) {
    if (value > 0) moved.add(name.replace(/\{.*/, '').replace(/_(?:bucket|sum|count)$/, ''))
  }
  return moved
}

async function refuseOne(): Promise<void> {
  // Each that is refused is tried by itself: on a slow machine more would come than can be tried.
  rig.exchange.setRate(100)
  await rig.owner`
    alter table kb.book_deltas add constraint odd check (market_id <> 1 or kind <> 1) not valid`
  await until('an entry is refused', async () => {
    const { series } = await scrape()
    return (series.get('kalshibook_set_aside_total{kind="unstorable"}') ?? 0) > 0
  })
  await rig.owner`alter table kb.book_deltas drop constraint odd`
  rig.exchange.setRate(RATE)
}

test('every metric moves when what it tells of happens', { timeout: 60_000 }, async () => {
  rig.exchange.corruptNext('price')
  await until('a frame is set aside', () => collector.status().malformed > 0)
  // For as long as nobody hears them, so that whoever looks sees stale books, however seldom it looks.
  rig.exchange.cut()
  rig.exchange.deaf(3_600_000)
  const moved = new Set<string>()
  await until('stale books are told', async () => {
    const { series } = await scrape()
    return note(series, moved).has('kalshibook_stale_books')
  })
  rig.exchange.deaf(0)
  await until('every book is known again', () => collector.status().known === MARKETS)
  await refuseOne()
  const { names } = await scrape()
  expect(names.size).toBeGreaterThan(18)
  const still = () => [...names].filter((name) => !moved.has(name))
  await until(
    'every metric has moved',
    async () => {
      const { series } = await scrape()
      note(series, moved)
      return still().length === 0
    },
    40_000,
  ).catch(() => {})
  expect(still()).toEqual([])
})

test('what is told adds up with what was done', async () => {
  await rig.settle(collector)
  await until('the checks rest', () => collector.status().known === MARKETS)
  const { series, status } = await scrapeAtRest()
  const type = (name: string) => series.get(`kalshibook_frames_total{type="${name}"}`) ?? 0
  for (const name of ['delta', 'snapshot', 'subscribed', 'trade', 'ticker', 'malformed']) {
    expect([name, type(name) > 0]).toEqual([name, true])
  }
  const frames = sum(series, /^kalshibook_frames_total/)
  expect(frames).toBeGreaterThan(0.99 * status.frames)
  expect(frames).toBeLessThanOrEqual(status.frames)
  expect(sum(series, /^kalshibook_reconnects_total/)).toBe(status.reconnects)
  // Both the connection of the books and the one of the whole exchange were cut.
  for (const connection of [0, 1]) {
    expect(series.get(`kalshibook_reconnects_total{connection="${connection}"}`)).toBeGreaterThan(0)
  }
  expect(sum(series, /^kalshibook_gaps_total/)).toBe(status.gaps)
  expect(series.get('kalshibook_durable_lag_seconds_count')).toBe(status.stored)
  await until('what is sealed is told', async () => {
    const told = (await scrape()).series
    const [sealed] = await rig.owner`
      select count(*)::int as segments, sum(records)::int as records from kb.book_segments`
    return (
      told.get('kalshibook_segments_total') === sealed?.['segments'] &&
      told.get('kalshibook_sealed_records_total') === sealed?.['records']
    )
  })
  const judged = sum(series, /^kalshibook_truth_checks_total\{outcome="(?:same|different)"/)
  expect(judged).toBe(status.checked)
  expect(series.get('kalshibook_set_aside_total{kind="malformed"}')).toBeGreaterThan(0)
  expect(series.get('kalshibook_markets')).toBe(MARKETS)
  expect(series.get('kalshibook_watched_markets')).toBe(MARKETS)
  expect(series.get('kalshibook_shards_open')).toBe(1)
})
