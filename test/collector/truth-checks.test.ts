import { expect, onTestFinished, test } from 'vitest'
import type { Ticker } from '#core/ticker'
import type { Collector } from '../../collector/collector.ts'
import { until } from '../until.ts'
import { openRig, type Rig } from './rig.ts'

const MARKETS = 4
/** Checks that come all the time, and answers about REST that the exchange's own pushes do not disturb. */
const OFTEN = { TRUTH_EVERY_MS: '50', TRUTH_SPAN_MS: '100', PROBE_MS: '60000', SILENCE_MS: '60000' }

async function open(
  rate = 200,
  overrides: Record<string, string> = {},
): Promise<{ rig: Rig; collector: Collector }> {
  const rig = await openRig({ markets: MARKETS, rate, seed: 3 }, { ...OFTEN, ...overrides })
  onTestFinished(() => rig.stop())
  const collector = await rig.start()
  await until('every book is known', () => collector.status().known === MARKETS)
  return { rig, collector }
}

type Gap = {
  readonly ticker: string
  readonly from: number
  readonly to: number | null
  readonly noticed: number
}

async function mismatches({ owner }: Rig): Promise<Gap[]> {
  const rows = await owner`
    select m.ticker, g.from_us, g.to_us, g.noticed_us
    from kb.book_gaps g join kb.markets m on m.id = g.market_id where g.cause = 'mismatch'`
  return rows.map((row) => ({
    ticker: String(row['ticker']),
    from: Number(row['from_us']),
    to: row['to_us'] === null ? null : Number(row['to_us']),
    noticed: Number(row['noticed_us']),
  }))
}

/** Waits for so many more books that were held against an answer. */
async function checks(collector: Collector, more: number): Promise<void> {
  const before = collector.status().checked
  await until(`${more} more checks`, () => collector.status().checked >= before + more)
}

async function metric({ metrics }: Rig, name: string): Promise<number> {
  const { text } = await metrics.text()
  const line = text.split('\n').find((each) => each.startsWith(`kalshibook_${name} `))
  return Number(line?.split(' ')[1] ?? 0)
}

test('books that are right are found so, again and again', async () => {
  const { rig, collector } = await open()
  await checks(collector, 5 * MARKETS)
  expect(collector.status().wrong).toBe(0)
  expect(await mismatches(rig)).toEqual([])
  expect(await metric(rig, 'truth_checks_total{outcome="same"}')).toBeGreaterThan(4 * MARKETS)
  expect(await metric(rig, 'truth_checks_total{outcome="different"}')).toBe(0)
})

test('a silent divergence is found at its second look, and is a gap from when the book was last verified to its fresh snapshot', async () => {
  const { rig, collector } = await open()
  // Long enough that the last look at the book, and not its first snapshot, is what vouches for it.
  await checks(collector, 4 * MARKETS)
  const [market, other] = rig.exchange.tickers() as Ticker[]
  const began = Date.now() * 1000
  rig.exchange.lie(market ?? '')
  const lied = rig.exchange.faults.at(-1)?.atUs ?? 0
  await until('the book is found wrong', () => collector.status().wrong === 1)
  await until('it is known again', () => collector.status().known === MARKETS)
  await rig.settle(collector)
  const [gap, ...more] = await mismatches(rig)
  expect(more).toEqual([])
  expect(gap?.ticker).toBe(market)
  // It was verified within the looks before the divergence, and not after it.
  expect(gap?.from).toBeLessThanOrEqual(lied + 1000)
  expect(gap?.from).toBeGreaterThan(began - 3_000_000)
  expect(gap?.noticed).toBeGreaterThan(lied)
  expect(gap?.to).toBeGreaterThanOrEqual(gap?.noticed ?? Number.NaN)
  expect(await metric(rig, 'truth_checks_total{outcome="different"}')).toBe(2)
  expect(await metric(rig, 'gaps_total{cause="mismatch"}')).toBe(1)
  const truth = rig.exchangeBooks()
  expect((await rig.storeBooks()).get(market ?? '')).toEqual(truth.get(market ?? ''))
  expect((await rig.storeBooks()).get(other ?? '')).toEqual(truth.get(other ?? ''))
  // It is never repaired in silence: the fresh book stands behind the gap, as a snapshot of its own.
  const kinds = await rig.owner`
    select d.kind, d.reason from kb.book_deltas d join kb.markets m on m.id = d.market_id
    where m.ticker = ${market ?? ''} and d.kind <> 1 order by d.seq`
  expect(kinds.map((row) => [row['kind'], row['reason']])).toEqual([
    [0, 'first'],
    [2, 'mismatch'],
    [0, 'gap'],
  ])
})

test('a busy market whose REST answer comes a second late is never called wrong', async () => {
  const { rig, collector } = await open(1500)
  rig.exchange.restSlow(1200)
  await checks(collector, 3 * MARKETS)
  expect(collector.status().wrong).toBe(0)
  expect(await mismatches(rig)).toEqual([])
  expect(await metric(rig, 'truth_checks_total{outcome="different"}')).toBe(0)
})

test.each([500, 'cut', 'html'] as const)(
  'REST that fails (%s) costs nothing: no book is called wrong, and the next look counts',
  async (how) => {
    const { rig, collector } = await open()
    rig.exchange.restFail(3, how)
    await checks(collector, 2 * MARKETS)
    expect(collector.status()).toMatchObject({ wrong: 0, known: MARKETS })
    expect(await mismatches(rig)).toEqual([])
  },
)

test('a look during which the book was lost and found again calls nothing wrong', async () => {
  const { rig, collector } = await open(200, { TRUTH_SPAN_MS: '400' })
  for (let round = 0; round < 4; round++) {
    const before = await metric(rig, 'gaps_total{cause="sequence"}')
    rig.exchange.dropNext(1)
    await until('a gap', async () => (await metric(rig, 'gaps_total{cause="sequence"}')) > before)
    await until('every book is known', () => collector.status().known === MARKETS)
    await checks(collector, MARKETS)
  }
  expect(collector.status().wrong).toBe(0)
  expect(await mismatches(rig)).toEqual([])
})

test('a stopped collector asks no more', async () => {
  const { rig, collector } = await open()
  await checks(collector, MARKETS)
  await collector.stop()
  const asked = rig.exchange.stats.rest
  await new Promise((resolve) => setTimeout(resolve, 400))
  expect(rig.exchange.stats.rest).toBe(asked)
})
