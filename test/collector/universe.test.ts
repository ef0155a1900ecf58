import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import type { Micros } from '#core/instant'
import type { Ticker } from '#core/ticker'
import { setLogLevel } from '../../collector/log-event.ts'
import { readPastBooks } from '../../worker/past-book.ts'
import { askBy } from '../../worker/store/ask.ts'
import { must } from '../core/arbitraries.ts'
import type { Relay } from '../relay.ts'
import { until } from '../until.ts'
import { type Epoch, openUniverseRig, type UniverseRig } from './universe-rig.ts'

let rig: UniverseRig
let relay: Relay
let epoch: Epoch

beforeAll(async () => {
  setLogLevel('silent')
  rig = await openUniverseRig({ markets: 14, scalars: 1, lateMs: 300 })
  relay = rig.relay
}, 60_000)
afterAll(() => rig.stop())
beforeEach(() => rig.clear())
afterEach(() => epoch.end())

/** The markets that trade, or pause; binary ones first. */
async function trading(): Promise<string[]> {
  const rows = await rig.owner`
    select ticker from kb.markets where status in ('active', 'inactive') order by market_type, ticker`
  return rows.map((row) => String(row['ticker']))
}

async function lifecycle(market: string): Promise<string[]> {
  const rows = await rig.owner`
    select kind, source from kb.lifecycle l join kb.markets m on m.id = l.market_id
    where m.ticker = ${market} order by recv_us, kind`
  return rows.map((row) => `${row['kind']} ${row['source']}`)
}

async function settlements(market: string): Promise<Record<string, unknown>[]> {
  return rig.owner`
    select s.n, s.result, s.settlement_value, s.settled_us is not null as paid
    from kb.settlements s join kb.markets m on m.id = s.market_id
    where m.ticker = ${market} order by s.n`
}

/** Follows all markets that trade. */
async function begin(variables: Record<string, string> = {}): Promise<readonly string[]> {
  epoch = await rig.begin(variables)
  await epoch.store()
  const open = await trading()
  expect(open.length).toBeGreaterThan(3)
  return open
}

let named = 0
function newName(): string {
  named += 1
  return `KXBORN-27JAN0${named}-T${named}.5`
}

test('every open market is followed and stored with what the exchange told of it', async () => {
  const open = await begin()
  await epoch.knows(open)
  const market = await rig.market(must(open[0]))
  const answer = await fetch(`${rig.exchange.restUrl}/markets/${open[0]}`)
  const { market: body } = (await answer.json()) as { market: Record<string, unknown> }
  expect(market).toMatchObject({
    event_ticker: body['event_ticker'],
    title: body['title'],
    subtitle: body['subtitle'],
    rules_primary: body['rules_primary'],
    settlement_timer_seconds: body['settlement_timer_seconds'],
    notional_value: body['notional_value_dollars'],
    price_ranges: body['price_ranges'],
    exchange_index: 0,
    status: 'active',
  })
  const [links] = await rig.owner`
    select count(*)::int4 as markets, count(e.*)::int4 as events, count(s.*)::int4 as series
    from kb.markets m left join kb.events e on e.ticker = m.event_ticker
    left join kb.series s on s.ticker = m.series_ticker`
  const { markets } = must(links)
  expect(markets).toBeGreaterThanOrEqual(open.length)
  expect(links).toEqual({ markets, events: markets, series: markets })
})

test('a market that is created is stored at once, followed when it opens, and described when REST knows it', async () => {
  const open = await begin()
  const born = rig.create(newName(), 2500, 3_600_000, true)
  await until('its creation was heard', () => epoch.changes(born).length > 0)
  await epoch.store()
  expect(await rig.market(born)).toMatchObject({
    event_ticker: born.slice(0, born.lastIndexOf('-')),
    series_ticker: 'KXBORN',
    status: 'initialized',
    notional_value: null,
    floor_strike: `${named}.5`,
  })
  rig.exchange.life.show(born)
  await epoch.knows([...open, born])
  await until('REST described it', async () => {
    await epoch.store()
    return (await rig.market(born))['notional_value'] === '1.0000'
  })
  await until('the clock opened it', () =>
    epoch.changes(born).some(({ kind }) => kind === 'opened'),
  )
  await epoch.store()
  expect(await rig.market(born)).toMatchObject({ status: 'active' })
  expect(await lifecycle(born)).toEqual(['created stream', 'opened clock'])
  rig.exchange.life.open(born)
})

test('a market that settles mid-stream ends its log after its last snapshot, with its result stored', async () => {
  const open = await begin()
  await epoch.knows(open)
  const market = must(open[0])
  const { life } = rig.exchange
  life.close(market)
  life.determine(market, 'yes')
  life.settle(market)
  await until('its log ended', () => epoch.kinds(market).includes('end settled'))
  expect(epoch.kinds(market)).toEqual(['snapshot', 'snapshot', 'end settled'])
  expect(epoch.logs.get(market as Ticker)).toMatchObject({ known: false })
  await epoch.knows(open.slice(1))
  await epoch.store()
  expect(await rig.market(market)).toMatchObject({
    status: 'finalized',
    result: 'yes',
    settlement_value: '1.0000',
  })
  const told = await lifecycle(market)
  expect(told.slice(0, 2)).toEqual(['determined stream', 'settled stream'])
  expect(told.slice(2).filter((each) => each !== 'close_date_updated rest')).toEqual([])
  expect(await settlements(market)).toEqual([
    { n: 0, result: 'yes', settlement_value: '1.0000', paid: true },
  ])
})

test('a market that settles while its connection is lost has its last book when that is back', async () => {
  const open = await begin({ SETTLE_GRACE_MS: '1000' })
  await epoch.knows(open)
  const market = must(open[0])
  const { life } = rig.exchange
  life.close(market)
  life.determine(market, 'no')
  await until('it was heard', () => epoch.changes(market).some(({ kind }) => kind === 'determined'))
  rig.exchange.cut()
  life.settle(market)
  await until('its log ended', () => epoch.kinds(market).includes('end settled'))
  expect(epoch.kinds(market)).toEqual(['snapshot', 'gap', 'snapshot', 'end settled'])
  expect(epoch.logs.get(market as Ticker)?.ending).toMatchObject({ kind: 'book' })
})

test('a market that settled while we were away gets its result, and its log ends when REST has said so', async () => {
  const open = await begin()
  await epoch.knows(open)
  await epoch.end()
  const market = must(open[0])
  const { life } = rig.exchange
  life.close(market)
  life.determine(market, 'no')
  life.settle(market)
  epoch = await rig.begin()
  await until('its log ended', () => epoch.kinds(market).includes('end settled'))
  await epoch.knows(open.slice(1))
  await epoch.store()
  expect(await rig.market(market)).toMatchObject({ status: 'finalized', result: 'no' })
  expect(await settlements(market)).toEqual([
    { n: 0, result: 'no', settlement_value: '0.0000', paid: true },
  ])
  const told = ['close_date_updated rest', 'determined rest', 'settled rest']
  expect(await lifecycle(market)).toEqual(told)
})

test('what is de-selected by a restart ends in a gap, reads unknown from the store, and comes back behind a gap', async () => {
  const open = await begin()
  await epoch.knows(open)
  await epoch.end()
  const series = must(open[0]).split('-', 1)[0]
  const left = open.filter((market) => !market.startsWith(`${series}-`))
  expect(left.length).toBeGreaterThan(0)
  epoch = await rig.begin({ SELECT: `${series}*` })
  await epoch.knows(open.filter((market) => !left.includes(market)))
  const gone = must(left[0])
  expect(epoch.kinds(gone)).toEqual(['end deselected'])
  expect(epoch.logs.get(gone as Ticker)?.image()).toBeNull()
  await epoch.store()
  const [found] = await readPastBooks(
    askBy(rig.owner),
    [gone],
    { kind: 'last', now: (Date.now() * 1000) as Micros },
    { view: 'yes', depth: undefined },
  )
  expect(found?.book).toMatchObject({ ok: true, answer: { status: 'unknown' } })
  await epoch.end()
  epoch = await rig.begin()
  await epoch.knows(open)
  expect(epoch.kinds(gone)).toEqual(['snapshot'])
  await epoch.store()
  const openGaps = await rig.owner`select from kb.book_gaps where to_us is null`
  expect(openGaps).toHaveLength(0)
})

test('top:N follows those with the greatest volume, and ranks again at each look', async () => {
  epoch = await rig.begin({ SELECT: 'top:2', RECONCILE_MS: '200' })
  await until('two are followed', () => epoch.universe.status().followed === 2)
  await epoch.store()
  const followed = () =>
    [...epoch.logs].filter(([, { ending }]) => ending === null).map(([market]) => market)
  const before = followed()
  const open = await trading()
  const rising = must(open.find((market) => !before.includes(market as Ticker)))
  rig.exchange.life.blockTrade(rising, 500_000, 1_000_000_000_000, 'yes')
  await until('it is followed', () => epoch.kinds(rising).includes('snapshot'))
  expect(epoch.universe.status().followed).toBe(2)
  const out = must(before.find((market) => !followed().includes(market)))
  expect(epoch.kinds(out)).toEqual(['snapshot', 'gap', 'end deselected'])
  rig.exchange.life.blockTrade(out, 500_000, 3_000_000_000_000, 'yes')
  await until('it is back', () => epoch.logs.get(out)?.known === true)
  expect(epoch.kinds(out)).toEqual(['snapshot', 'gap', 'end deselected', 'gap', 'snapshot'])
})

test('a scalar result that is challenged and amended is a second settlement, the one that is paid', async () => {
  const open = await begin()
  await epoch.knows(open)
  const rows = await rig.owner`
    select ticker from kb.markets where market_type = 'scalar' and status = 'active'`
  const market = String(must(rows[0])['ticker'])
  const { life } = rig.exchange
  life.close(market)
  life.determine(market, 250_000)
  await until('it was heard', () => epoch.changes(market).some(({ kind }) => kind === 'determined'))
  life.dispute(market)
  life.amend(market, 755_000, false)
  epoch.universe.missed()
  await until('REST told', () => epoch.changes(market).some(({ source }) => source === 'rest'))
  life.settle(market)
  await until('its log ended', () => epoch.kinds(market).includes('end settled'))
  await epoch.store()
  expect(await settlements(market)).toEqual([
    { n: 0, result: 'scalar', settlement_value: '0.2500', paid: false },
    { n: 1, result: 'scalar', settlement_value: '0.7550', paid: true },
  ])
  expect(await rig.market(market)).toMatchObject({
    status: 'finalized',
    result: 'scalar',
    settlement_value: '0.7550',
  })
})

test('pauses, grids, strikes and fees are kept as history, and change the description', async () => {
  const open = await begin()
  await epoch.knows(open)
  const market = must(open.find((each) => each.startsWith('KXHIGHNY')))
  const event = market.slice(0, market.lastIndexOf('-'))
  const { life } = rig.exchange
  life.pause(market)
  life.resume(market)
  life.refine(market, 'deci_cent')
  life.describe(market, { floorStrike: 31 })
  life.overrideFee(event, { type: 'flat', multiplier: 2 })
  await until('all was heard', () => epoch.changes(event).length > 0)
  await until('REST described it', async () => {
    await epoch.store()
    return (await rig.market(market))['floor_strike'] === '31'
  })
  expect(await lifecycle(market)).toEqual([
    'deactivated stream',
    'activated stream',
    'price_level_structure_updated stream',
    'metadata_updated stream',
  ])
  expect(await rig.market(market)).toMatchObject({
    status: 'active',
    price_level_structure: 'deci_cent',
    price_ranges: [{ start: '0.0000', end: '1.0000', step: '0.0010' }],
  })
  const [row] = await rig.owner`
    select fee_type_override, fee_multiplier_override from kb.events where ticker = ${event}`
  expect(row).toEqual({ fee_type_override: 'flat', fee_multiplier_override: '2' })
  const fees = await rig.owner`select detail from kb.lifecycle where event_ticker = ${event}`
  expect(fees).toHaveLength(1)
})

test('what the lifecycle channel did not tell is asked for when it is back', async () => {
  const open = await begin()
  await epoch.knows(open)
  const market = must(open[0])
  const { life } = rig.exchange
  const { looks } = epoch.universe.status()
  rig.exchange.refuseHandshakes(1)
  rig.exchange.cut()
  life.pause(market)
  await until('another look was taken', () => epoch.universe.status().looks > looks)
  await until('REST told', () => epoch.changes(market).length > 0)
  expect(epoch.changes(market)).toMatchObject([{ kind: 'deactivated', source: 'rest' }])
  life.resume(market)
})

test('a market closes by the clock, and is followed until it is settled', async () => {
  await begin()
  const born = rig.create(newName(), -1000, 1500)
  rig.exchange.life.open(born)
  await until('the clock closed it', () =>
    epoch.changes(born).some(({ kind }) => kind === 'closed'),
  )
  expect(epoch.changes(born).find(({ kind }) => kind === 'closed')?.source).toBe('clock')
  await epoch.store()
  expect(await rig.market(born)).toMatchObject({ status: 'closed' })
  expect(epoch.logs.get(born as Ticker)?.known).toBe(true)
  const { life } = rig.exchange
  life.close(born)
  life.determine(born, 'no')
  life.settle(born)
  await until('its log ended', () => epoch.kinds(born).includes('end settled'))
})

test('a collector that knows the markets serves while REST is away, and a refused REST is tried again', async () => {
  const open = await begin()
  await epoch.knows(open)
  await epoch.end()
  rig.exchange.restFail(3, 429)
  rig.exchange.restFail(1000, 503)
  epoch = await rig.begin()
  await epoch.knows(open)
  expect(epoch.universe.status().looks).toBe(0)
  rig.exchange.restFail(0, 503)
  await until('a look came to its end', () => epoch.universe.status().looks > 0)
})

test('a market that is created while Postgres is away is followed, and described when it is back', async () => {
  const open = await begin()
  await epoch.knows(open)
  relay.cut()
  const born = rig.create(newName(), -1000)
  rig.exchange.life.open(born)
  await epoch.knows([...open, born])
  expect(epoch.universe.status().metadataWaiting).toBeGreaterThan(0)
  relay.mend()
  await epoch.store()
  expect(await rig.market(born)).toMatchObject({ title: expect.stringContaining('Above') })
  expect(await lifecycle(born)).toContain('created stream')
})

test('a result from before our time is stored too', async () => {
  await begin()
  await epoch.end()
  const { life } = rig.exchange
  const [market] = (await trading()).slice(-2)
  await rig.clear()
  life.close(must(market))
  life.determine(must(market), 'yes')
  epoch = await rig.begin()
  await epoch.store()
  expect(epoch.kinds(must(market))).toEqual([])
  expect(await settlements(must(market))).toEqual([
    { n: 0, result: 'yes', settlement_value: '1.0000', paid: false },
  ])
})
