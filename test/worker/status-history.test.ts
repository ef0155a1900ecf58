import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { afterAll, beforeEach, expect, test, vi } from 'vitest'
import { type Micros, parseInstant, printInstant } from '#core/instant'
import type { Epoch, GapCause, Seq } from '#core/log'
import { seqOf } from '#core/log'
import type { StatusHistory } from '#core/wire/status-history-answer'
import { makeApp } from '../../worker/app.ts'
import type { Env } from '../../worker/env.ts'
import { runJobs } from '../../worker/scheduled.ts'
import { countCoverage } from '../../worker/status/count-coverage.ts'
import { forgetFeed, sampleFeed } from '../../worker/status/sample-feed.ts'
import { readToday } from '../../worker/store/coverage-days.ts'
import { call, errorOf } from './api.ts'
import { asOwner, setWatermark, storeGap, storeMarket, storeRecords } from './store.ts'

const MINUTE = 60_000_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const NOW = (Date.now() * 1000) as Micros
const TODAY = (NOW - (NOW % DAY)) as Micros
const THIS_HOUR = (NOW - (NOW % HOUR)) as Micros
const before = (us: number, from: number = THIS_HOUR) => (from - us) as Micros
const seq = (n: number): Seq => seqOf(1 as Epoch, n)
const AWAY = { connectionString: 'postgres://kb_reader@127.0.0.1:1/none' } as Hyperdrive

beforeEach(async () => {
  await asOwner(
    (sql) => sql`truncate kb.feed_minutes, kb.coverage_days, kb.gap_days, kb.markets, kb.log_begins,
      kb.sealed_logs, kb.book_segments, kb.book_deltas, kb.book_gaps`,
  )
  await setWatermark(NOW)
})
afterAll(() => setWatermark(null))

/** The bindings with one shard that says this of itself; null for one that is away. */
function fed(word: 'healthy' | 'degraded' | 'down' | null, lag = 2): Env {
  const beat = { sent_us: 0, upstream_age_ms: 10, lag_p50_ms: lag, lag_p99_ms: 5 * lag, stale: 0 }
  const status = () =>
    word === null
      ? Promise.reject(new Error('the shard is away'))
      : Promise.resolve({ feed: word, watched: 3, beat: { ...beat, gaps: 0, age_ms: 5 } })
  return { ...env, FEED_SHARD: { getByName: () => ({ status }) } as unknown as Env['FEED_SHARD'] }
}

/** Asks as an isolate that has asked nothing yet. */
async function history(query = '', bindings: Env = { ...env }) {
  const ctx = createExecutionContext()
  const request = new Request(`https://kalshibook.test/v1/status/history${query}`)
  const response = await makeApp().fetch(request, bindings, ctx)
  const body = (await response.json()) as { data: StatusHistory }
  await waitOnExecutionContext(ctx)
  return { status: response.status, headers: response.headers, body }
}

async function told(query = ''): Promise<StatusHistory> {
  const { status, body } = await history(query)
  expect(status, JSON.stringify(body)).toBe(200)
  return body.data
}

test('a minute is kept once, as it was seen first, and told by its hour', async () => {
  const hour = before(2 * HOUR)
  await sampleFeed(fed('healthy', 2), hour)
  await sampleFeed(fed('degraded', 90), (hour + 20_000_000) as Micros)
  await sampleFeed(fed('healthy', 4), (hour + MINUTE) as Micros)
  await sampleFeed(fed('healthy', 3), (hour + 2 * MINUTE) as Micros)
  const { hours, sampled_from_ts } = await told('?days=1')
  expect(sampled_from_ts).toBe(printInstant(hour))
  expect(hours[0]).toMatchObject({
    hour_ts: printInstant(hour),
    minutes: { healthy: 3, degraded: 0, down: 0, unknown: 57 },
    lag_p50_ms: 3,
    lag_p99_ms: 20,
    stale_books: 0,
  })
  expect(hours.map(({ hour_ts }) => hour_ts)).toContain(printInstant(before(HOUR)))
})

test('what a feed that is down said last is not kept as of that minute', async () => {
  const hour = before(HOUR)
  await sampleFeed(fed('healthy', 2), hour)
  await sampleFeed(fed('down', 900), (hour + MINUTE) as Micros)
  const { hours } = await told('?days=1')
  expect(hours[0]).toMatchObject({
    lag_p50_ms: 2,
    lag_p99_ms: 10,
    minutes: { healthy: 1, down: 1 },
  })
})

test('minutes that were not healthy are one incident, and a missed one is not known', async () => {
  const at = (minute: number) => (before(3 * HOUR) + minute * MINUTE) as Micros
  const words = [
    'healthy',
    'degraded',
    null,
    'skipped',
    null,
    'healthy',
    'skipped',
    'healthy',
  ] as const
  for (const [minute, word] of words.entries()) {
    if (word !== 'skipped') await sampleFeed(fed(word), at(minute))
  }
  const { incidents } = await told()
  expect(incidents).toEqual([
    {
      state: 'unknown',
      from_ts: printInstant(at(8)),
      to_ts: null,
      minutes: { healthy: 0, degraded: 0, down: 0, unknown: expect.any(Number) },
    },
    {
      state: 'unknown',
      from_ts: printInstant(at(6)),
      to_ts: printInstant(at(7)),
      minutes: { healthy: 0, degraded: 0, down: 0, unknown: 1 },
    },
    {
      state: 'down',
      from_ts: printInstant(at(1)),
      to_ts: printInstant(at(5)),
      minutes: { healthy: 0, degraded: 1, down: 2, unknown: 1 },
    },
  ])
})

test('while the record cannot be read the minute is kept without it; while it cannot be written it is missed', async () => {
  await sampleFeed({ ...fed('healthy'), HYPERDRIVE_READER: AWAY }, before(HOUR))
  await expect(
    sampleFeed({ ...fed('healthy'), HYPERDRIVE_ACCOUNT: AWAY }, before(HOUR - MINUTE)),
  ).rejects.toThrow('away')
  const { hours } = await told()
  expect(hours[0]).toMatchObject({ watermark_lag_ms: null, lag_p50_ms: 2 })
  expect(hours[0]?.minutes).toEqual({ healthy: 1, degraded: 0, down: 0, unknown: 59 })
})

test('minutes are forgotten after 90 days', async () => {
  await sampleFeed(fed('healthy'), before(92 * DAY))
  await sampleFeed(fed('healthy'), before(89 * DAY))
  await forgetFeed(env, NOW)
  expect((await told('?days=90')).sampled_from_ts).toBe(printInstant(before(89 * DAY)))
})

/** Stores a market whose log began then, with so many records, one a minute. */
async function log(ticker: string, fromUs: Micros, records: number): Promise<number> {
  const id = await storeMarket(ticker)
  const recv = (n: number) => (fromUs + n * MINUTE) as Micros
  const first = { kind: 'snapshot', reason: 'first', yes: [], no: [], event: null } as const
  const delta = { kind: 'delta', event: null, side: 'yes', price: 400_000, change: 1, size: 1 }
  const made = Array.from({ length: records }, (_, n) =>
    n === 0 ? { ...first, seq: seq(n), recv: recv(n) } : { ...delta, seq: seq(n), recv: recv(n) },
  )
  await storeRecords(id, made as unknown as Parameters<typeof storeRecords>[1])
  return id
}

const gap = (n: number, cause: GapCause, from: Micros, to: Micros | null) => ({
  seq: seq(1000 + n),
  cause,
  from,
  to,
  noticed: (from + 1_000_000) as Micros,
  prevSeq: null,
})

test('a day counts records, and time of all logs in which the book is known and in which it is not', async () => {
  const day = (TODAY - DAY) as Micros
  const at = (hours: number) => (day + hours * HOUR) as Micros
  const a = await log('STATUS-X-A', at(10), 60)
  const b = await log('STATUS-X-B', at(22), 180)
  // Two that overlap count once; one that began the day before does not count twice.
  await storeGap(a, gap(1, 'cut', at(12), at(13)))
  await storeGap(a, gap(2, 'silence', at(12.5), at(13.5)))
  await storeGap(b, gap(3, 'cut', at(23), at(25)))
  await asOwner(
    (sql) => sql`
      insert into kb.book_segments (market_id, first_us, first_seq, last_seq, last_us, records, deltas, data)
      values (${a}, ${at(10)}, ${seq(0)}, ${seq(39)}, ${at(11)}, 40, 39, '')`,
  )
  await asOwner(
    (sql) => sql`
      insert into kb.sealed_logs (market_id, first_us, first_seq, last_seq, last_us, state)
      values (${a}, ${at(10)}, ${seq(0)}, ${seq(39)}, ${at(11)}, 'known')`,
  )
  const now = (TODAY + 3 * HOUR) as Micros
  await setWatermark(now)
  await countCoverage(env, now)
  await countCoverage(env, now)
  const { coverage } = await told('?days=2')
  const counted = printInstant(now)
  expect(coverage.slice(0, 2)).toEqual([
    {
      day: printInstant(TODAY).slice(0, 10),
      markets: 2,
      records: 60,
      deltas: 60,
      known_market_seconds: 2 * 3 * 3600 - 3600,
      gap_market_seconds: 3600,
      gaps: { cut: 1 },
      grade: 'F',
      through_ts: counted,
      counted_ts: counted,
    },
    {
      day: printInstant(day).slice(0, 10),
      markets: 2,
      records: 60 + 120,
      deltas: 59 + 119,
      known_market_seconds: (14 + 2) * 3600 - 2.5 * 3600,
      gap_market_seconds: 2.5 * 3600,
      gaps: { cut: 2, silence: 1 },
      grade: 'F',
      through_ts: printInstant(TODAY),
      counted_ts: counted,
    },
  ])
  expect(await asOwner((sql) => readToday(sql, now))).toMatchObject({ records: 60, markets: 2 })
})

test('a log that ended is counted until its end, and a day without any has no grade', async () => {
  const at = (hours: number) => (TODAY - DAY + hours * HOUR) as Micros
  const id = await log('STATUS-X-C', at(1), 3)
  await asOwner(
    (sql) => sql`
      insert into kb.sealed_logs (market_id, first_us, first_seq, last_seq, last_us, state)
      values (${id}, ${at(1)}, ${seq(0)}, ${seq(2)}, ${at(5)}, 'ended')`,
  )
  await countCoverage(env, NOW)
  const { coverage } = await told('?days=2')
  expect(coverage).toMatchObject([
    { markets: 0, records: 0, known_market_seconds: 0, grade: null },
    { markets: 1, records: 0, known_market_seconds: 4 * 3600, grade: 'A' },
  ])
})

test('days that are over are counted once, today again after 15 minutes', async () => {
  await log('STATUS-X-D', (TODAY - 3 * DAY) as Micros, 1)
  const counted = async () => {
    const { coverage } = await told()
    return Object.fromEntries(coverage.map(({ day, counted_ts }) => [day, counted_ts]))
  }
  const now = (TODAY + 5 * HOUR) as Micros
  const run = (minutes: number) => countCoverage(env, (now + minutes * MINUTE) as Micros)
  const name = (back: number) => printInstant((TODAY - back * DAY) as Micros).slice(0, 10)
  const when = (minutes: number) => printInstant((now + minutes * MINUTE) as Micros)
  await run(0)
  expect(await counted()).toEqual({ [name(0)]: when(0), [name(1)]: when(0) })
  await run(1)
  await run(2)
  await run(14)
  const over = { [name(1)]: when(0), [name(2)]: when(1), [name(3)]: when(1) }
  expect(await counted()).toEqual({ ...over, [name(0)]: when(0) })
  await run(15)
  expect(await counted()).toEqual({ ...over, [name(0)]: when(15) })
})

test('while no collector records a day is not settled: what was missed is told once one does again', async () => {
  const at = (hours: number) => (TODAY - DAY + hours * HOUR) as Micros
  const id = await log('STATUS-X-E', at(10), 1)
  const yesterday = async () => (await told('?days=2')).coverage[1]
  await setWatermark(at(12))
  await countCoverage(env, at(30))
  expect(await yesterday()).toMatchObject({
    known_market_seconds: 2 * 3600,
    gap_market_seconds: 0,
    grade: null,
    through_ts: printInstant(at(12)),
  })
  await storeGap(id, gap(1, 'epoch', at(12), at(30)))
  await setWatermark(at(30.5))
  await countCoverage(env, at(30.5))
  expect(await yesterday()).toMatchObject({
    known_market_seconds: 2 * 3600,
    gap_market_seconds: 12 * 3600,
    gaps: { epoch: 1 },
    through_ts: printInstant(at(24)),
  })
})

test('what happened to thousands of books at once is one line', async () => {
  await asOwner(
    (sql) => sql`
      insert into kb.book_gaps (market_id, seq, cause, from_us, to_us, noticed_us)
      select n, 1, 'cut', ${before(MINUTE)}::int8 + n, case when n > 1 then ${before(0)}::int8 + n end,
        ${before(MINUTE)}::int8 + 1000 * n
      from generate_series(1, 5210) n`,
  )
  await countCoverage(env, NOW)
  const line = { cause: 'cut', gaps: 5210, from_ts: printInstant(before(MINUTE - 1)) }
  expect((await told()).gaps).toEqual([{ ...line, open: 1, to_ts: null }])
  await asOwner((sql) => sql`update kb.book_gaps set to_us = ${before(0)} where to_us is null`)
  await countCoverage(env, NOW)
  const { gaps, gaps_left_off } = await told()
  expect(gaps).toEqual([{ ...line, open: 0, to_ts: printInstant(before(-5210)) }])
  expect(gaps_left_off).toBe(0)
})

test('a gap that is open at midnight is told once, on the day that it lasts into', async () => {
  const id = await log('STATUS-X-F', (TODAY - 5 * HOUR) as Micros, 1)
  await storeGap(id, gap(1, 'cut', (TODAY - HOUR) as Micros, null))
  await countCoverage(env, (TODAY - MINUTE) as Micros)
  await countCoverage(env, TODAY)
  expect((await told('?days=2')).gaps).toMatchObject([{ cause: 'cut', gaps: 1, open: 1 }])
})

test('a day that was settled is counted again when a gap is found later that reaches back into it', async () => {
  const at = (hours: number) => (TODAY + hours * HOUR) as Micros
  const id = await log('STATUS-X-G', at(-14), 1)
  const yesterday = async () => (await told('?days=2')).coverage[1]
  await setWatermark(at(3))
  await countCoverage(env, at(3))
  expect(await yesterday()).toMatchObject({ gap_market_seconds: 0, grade: 'A' })
  await storeGap(id, { ...gap(1, 'mismatch', at(-1), at(4)), noticed: at(4) })
  await setWatermark(at(4.1))
  await countCoverage(env, at(4.1))
  expect(await yesterday()).toMatchObject({ gap_market_seconds: 3600, gaps: { mismatch: 1 } })
  await setWatermark(at(4.6))
  await countCoverage(env, at(4.6))
  expect(await yesterday()).toMatchObject({ counted_ts: printInstant(at(4.1)) })
})

test('lines that are left off are told of the days that are asked for', async () => {
  await asOwner(
    (sql) => sql`
      insert into kb.gap_days (day_us, lines, told_us)
      values (${TODAY - 5 * DAY}, '{"lines": [], "left_off": 3}', 0)`,
  )
  expect((await told('?days=3')).gaps_left_off).toBe(0)
  expect((await told('?days=7')).gaps_left_off).toBe(3)
})

test('nothing is told of a past in which nobody looked', async () => {
  const data = await told()
  expect(data).toMatchObject({
    sampled_from_ts: null,
    hours: [],
    incidents: [],
    gaps: [],
    coverage: [],
  })
  const span = (parseInstant(data.to_ts) ?? 0) - (parseInstant(data.from_ts) ?? 0)
  expect(span).toBeGreaterThan(6.9 * DAY)
})

test('an isolate reads once for all who ask within some seconds, in few sizes', async () => {
  const bindings = { ...env }
  await history('?days=1', bindings)
  await sampleFeed(fed('healthy'), before(MINUTE))
  expect((await history('?days=1', bindings)).body.data.sampled_from_ts).toBe(null)
  expect((await history('?days=2', bindings)).body.data.sampled_from_ts).not.toBe(null)
  await asOwner((sql) => sql`truncate kb.feed_minutes`)
  expect((await history('?days=6', bindings)).body.data.sampled_from_ts).not.toBe(null)
})

test('anybody may ask, nobody may keep it, and what is asked wrongly is refused by its name', async () => {
  const answer = await call('/v1/status/history?days=1', {})
  expect(answer.status).toBe(200)
  expect(answer.headers.get('Cache-Control')).toBe('private, no-store')
  for (const days of ['0', '91', 'all', '-1']) {
    const refused = await call(`/v1/status/history?days=${days}`, {})
    expect(refused.status).toBe(422)
    expect(errorOf(refused)).toMatchObject({ code: 'invalid_param', param: 'days' })
  }
})

test('while Postgres is away the past is refused, and asked for anew', async () => {
  const bindings = { ...env, HYPERDRIVE_READER: AWAY }
  const { status, headers } = await history('', bindings)
  expect(status).toBe(503)
  expect(headers.get('Retry-After')).toBe('1')
  expect((await history('', bindings)).status).toBe(503)
  expect((await history('')).status).toBe(200)
})

test('the schedule looks each minute, whatever else fails', async () => {
  const log = vi.spyOn(console, 'error').mockImplementation(() => {})
  await runJobs(fed('healthy'), before(MINUTE) / 1000)
  log.mockRestore()
  expect((await told()).sampled_from_ts).toBe(printInstant(before(MINUTE)))
})
