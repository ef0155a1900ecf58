import { afterAll, beforeAll, expect, test } from 'vitest'
import type { MarketRecord } from '#core/ingest'
import type { Micros } from '#core/instant'
import type { Epoch, Ladders } from '#core/log'
import { MarketLog } from '#core/market-log'
import type { Price } from '#core/price'
import type { Size } from '#core/size'
import type { Ticker } from '#core/ticker'
import type { Collector } from '../../collector/collector.ts'
import { TruthChecks } from '../../collector/truth-checks.ts'
import { until } from '../until.ts'
import { openRig, type Rig } from './rig.ts'

const MARKETS = 4
/** Looks that follow each other closely, and no other way to find a book wrong. */
const OFTEN = { TRUTH_EVERY_MS: '50', TRUTH_SPAN_MS: '100', PROBE_MS: '60000', SILENCE_MS: '60000' }

let rig: Rig
let collector: Collector
beforeAll(async () => {
  rig = await openRig({ markets: MARKETS, rate: 200, seed: 3 }, OFTEN)
  collector = await rig.start()
  await until('every book is known', () => collector.status().known === MARKETS)
})
afterAll(() => rig.stop())

type Gap = {
  readonly ticker: string
  readonly from: number
  readonly to: number | null
  readonly noticed: number
}

async function mismatches(): Promise<Gap[]> {
  const rows = await rig.owner`
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
async function checks(more: number): Promise<void> {
  const before = collector.status().checked
  await until(`${more} more checks`, () => collector.status().checked >= before + more)
}

async function metric(name: string): Promise<number> {
  const { text } = await rig.metrics.text()
  const line = text.split('\n').find((each) => each.startsWith(`kalshibook_${name} `))
  return Number(line?.split(' ')[1] ?? 0)
}

async function nothingWrong(): Promise<void> {
  expect(collector.status()).toMatchObject({ wrong: 0 })
  expect(await mismatches()).toEqual([])
  expect(await metric('truth_checks_total{outcome="different"}')).toBe(0)
}

test('books that are right are found so, again and again', async () => {
  await checks(5 * MARKETS)
  await nothingWrong()
  expect(await metric('truth_checks_total{outcome="same"}')).toBeGreaterThan(4 * MARKETS)
})

test('busy markets whose REST answers come a second late are never called wrong', async () => {
  rig.exchange.setRate(1500)
  rig.exchange.restSlow(1200)
  await checks(3 * MARKETS)
  rig.exchange.setRate(200)
  rig.exchange.restSlow(0)
  await nothingWrong()
})

test.each([500, 'cut', 'html'] as const)(
  'REST that fails (%s) costs nothing: no book is called wrong, and the next look counts',
  async (how) => {
    rig.exchange.restFail(3, how)
    await checks(2 * MARKETS)
    await nothingWrong()
    expect(collector.status().known).toBe(MARKETS)
  },
)

test('looks during which books are lost and found again call nothing wrong', async () => {
  for (let round = 0; round < 6; round++) {
    const before = await metric('gaps_total{cause="sequence"}')
    rig.exchange.dropNext(1)
    await until('a gap', async () => (await metric('gaps_total{cause="sequence"}')) > before)
    await checks(MARKETS)
  }
  await nothingWrong()
})

test('a silent divergence is found at its second look, and is a gap from when the book was last verified to its fresh snapshot', async () => {
  await until('every book is known', () => collector.status().known === MARKETS)
  // Long enough that the last look at the book, and not its snapshot, is what vouches for it.
  await checks(4 * MARKETS)
  const [market = '', other = ''] = rig.exchange.tickers()
  const began = Date.now() * 1000
  // Whoever cancelled what we know nothing of would give it away before the second look.
  rig.exchange.pause()
  rig.exchange.lie(market)
  const lied = rig.exchange.faults.at(-1)?.atUs ?? 0
  await until('the book is found wrong', () => collector.status().wrong === 1)
  await until('it is known again', () => collector.status().known === MARKETS)
  await rig.settle(collector)
  const [gap, ...more] = await mismatches()
  expect(more).toEqual([])
  expect(gap?.ticker).toBe(market)
  // It was verified within the looks before the divergence, and not after it.
  expect(gap?.from).toBeLessThanOrEqual(lied + 1000)
  expect(gap?.from).toBeGreaterThan(began - 3_000_000)
  expect(gap?.noticed).toBeGreaterThan(lied)
  expect(gap?.to).toBeGreaterThanOrEqual(gap?.noticed ?? Number.NaN)
  expect(await metric('truth_checks_total{outcome="different"}')).toBe(2)
  expect(await metric('gaps_total{cause="mismatch"}')).toBe(1)
  const truth = rig.exchangeBooks()
  const stored = await rig.storeBooks()
  for (const each of [market, other]) expect(stored.get(each)).toEqual(truth.get(each))
  // It is never repaired in silence: the fresh book stands behind the gap, as a snapshot of its own.
  const kinds = await rig.owner`
    select d.kind, d.reason from kb.book_deltas d join kb.markets m on m.id = d.market_id
    where m.ticker = ${market} and d.kind <> 1 order by d.seq desc limit 2`
  expect(kinds.map((row) => [row['kind'], row['reason']])).toEqual([
    [0, 'gap'],
    [2, 'mismatch'],
  ])
})

test('a stopped collector asks no more', async () => {
  rig.exchange.start()
  await checks(MARKETS)
  await collector.stop()
  const asked = rig.exchange.stats.rest
  await new Promise((resolve) => setTimeout(resolve, 400))
  expect(rig.exchange.stats.rest).toBe(asked)
})

const A = 'KXA' as Ticker
const at = (us: number) => us as Micros
const book = (size: number): Ladders => ({ yes: [[420_000 as Price, size as Size]], no: [] })
const bodyOf = (size: string) => ({
  orderbooks: [{ ticker: A, orderbook_fp: { yes_dollars: [['0.4200', size]], no_dollars: [] } }],
})

/** Looks at one market, of which the exchange answers what it is told to; `during` happens while it is asked. */
async function looksAt(
  log: MarketLog,
  answers: readonly { readonly size: string; readonly during?: () => readonly MarketRecord[] }[],
) {
  const outcomes: string[] = []
  const wrong: Micros[] = []
  let asked = 0
  const truth = new TruthChecks({
    logs: new Map([[A, log]]),
    clock: () => at(1000 + asked),
    everyMs: 1,
    spanMs: 1,
    orderbooks: async () => {
      const answer = answers[asked]
      asked += 1
      truth.records(answer?.during?.() ?? [])
      if (answer === undefined) throw new Error('asked once more')
      return bodyOf(answer.size)
    },
    wrong: (_, since) => wrong.push(since),
    looked: (outcome) => outcomes.push(outcome),
  })
  truth.start()
  await until('all was asked', () => asked > answers.length)
  truth.stop()
  return { outcomes, wrong }
}

function knownLog(): MarketLog {
  const log = new MarketLog(1 as Epoch, null)
  log.snapshot(book(100), at(10))
  return log
}

test('a look that spans a gap says nothing, even when gap and snapshot came as one', async () => {
  const log = knownLog()
  const during = () => {
    const made = [log.gap('cut', at(15), at(20)), log.snapshot(book(300), at(21))]
    return made.flatMap((record) => (record === null ? [] : [{ market: A, record }]))
  }
  expect(await looksAt(log, [{ size: '7.00', during }])).toEqual({
    outcomes: ['unjudged'],
    wrong: [],
  })
})

test('a book that differed, began anew and differs again was not wrong twice running', async () => {
  const log = knownLog()
  const anew = () => {
    const record = log.snapshot(book(300), at(1500))
    return record === null ? [] : [{ market: A, record }]
  }
  const answers = [{ size: '7.00' }, { size: '7.00', during: anew }, { size: '7.00' }]
  const { outcomes, wrong } = await looksAt(log, answers)
  expect(outcomes).toEqual(['different', 'different', 'different'])
  expect(wrong).toEqual([at(1500)])
})

test('a book is wrong since it was last found right', async () => {
  const { outcomes, wrong } = await looksAt(knownLog(), [
    { size: '1.00' },
    { size: '2.00' },
    { size: '2.00' },
  ])
  expect(outcomes).toEqual(['same', 'different', 'different'])
  expect(wrong).toEqual([at(1000)])
})
