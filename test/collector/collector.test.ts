import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Collector } from '../../collector/collector.ts'
import { connectStore } from '../../collector/store/connect.ts'
import { take } from '../store/fixture.ts'
import { until } from '../until.ts'
import { allRead } from './all-read.ts'
import { openRig, type Rig } from './rig.ts'

let rig: Rig
let collector: Collector

beforeAll(async () => {
  rig = await openRig()
  collector = await rig.start()
  await until('every book is known', () => collector.status().known === 12)
})
afterAll(() => rig.stop())

type Gap = { from: number; noticed: number; to: number | null; ticker: string }

async function gapsOf(cause: string): Promise<Gap[]> {
  const rows = await rig.owner`
    select g.from_us::text as f, g.noticed_us::text as n, g.to_us::text as t, m.ticker
    from kb.book_gaps g join kb.markets m on m.id = g.market_id where g.cause = ${cause}`
  return rows.map((row) => ({
    from: Number(row['f']),
    noticed: Number(row['n']),
    to: row['t'] === null ? null : Number(row['t']),
    ticker: row['ticker'] as string,
  }))
}

async function sameBooks(): Promise<void> {
  await rig.settle(collector)
  const truth = rig.exchangeBooks()
  expect(truth.size).toBe(12)
  expect(await rig.storeBooks()).toEqual(truth)
  rig.exchange.start()
}

/** When a fault struck, and by when all that had been sent before it was read, µs. */
type Strike = { readonly atUs: number; readonly readUs: number }

/** Injects a fault, and waits until the exchange says that it struck, and has said more behind it. */
async function strike(kind: string, inject: () => unknown): Promise<Strike> {
  const before = rig.exchange.faults.length
  inject()
  const struck = () => rig.exchange.faults.slice(before).find((fault) => fault.kind === kind)
  await until(`${kind} strikes`, () => struck() !== undefined)
  const readUs = await allRead()
  // What is missing shows by what follows, and no test may end the trading before that.
  const { changes } = rig.exchange
  const then = changes()
  await until('trading goes on', () => changes() > then)
  return { atUs: struck()?.atUs ?? Number.NaN, readUs }
}

/** Every market is in a gap of this cause that covers the moment, and is over. */
async function everyMarketToldOf(cause: string, { atUs, readUs }: Strike): Promise<void> {
  await sameBooks()
  const covering = (await gapsOf(cause)).filter(
    ({ from, to }) => from <= readUs && to !== null && to >= atUs,
  )
  expect(new Set(covering.map(({ ticker }) => ticker)).size).toBe(12)
  // It begins where all was well, not with what showed the loss.
  for (const { from, noticed } of covering) expect(from).toBeLessThan(noticed)
}

test('what the exchange says is what the store holds', async () => {
  await until('some hundred frames', () => collector.status().frames > 300)
  await sameBooks()
})

test('a dropped frame is a sequence gap over it in every market of the sid', async () => {
  await everyMarketToldOf('sequence', await strike('drop', () => rig.exchange.dropNext(1)))
})

test('a delayed frame is a gap over it too, and changes nothing when it comes', async () => {
  await everyMarketToldOf('sequence', await strike('delay', () => rig.exchange.delayNext(100)))
})

test('a frame that comes twice changes nothing', async () => {
  const before = (await gapsOf('sequence')).length
  await strike('duplicate', () => rig.exchange.duplicateNext())
  await sameBooks()
  expect((await gapsOf('sequence')).length).toBe(before)
})

test.each(['price', 'legacy'] as const)(
  'a malformed delta (%s) makes its market stale alone, and is kept aside',
  async (how) => {
    const kept = collector.status().malformed
    const before = (await gapsOf('malformed')).length
    await strike('corrupt', () => rig.exchange.corruptNext(how))
    await sameBooks()
    expect(collector.status().malformed).toBe(kept + 1)
    expect(collector.aside().at(-1)?.kind).toBe('malformed')
    expect((await gapsOf('malformed')).length).toBe(before + 1)
  },
)

test('a cut is a gap from the last sign of life to each fresh snapshot', async () => {
  await everyMarketToldOf('cut', await strike('cut', () => rig.exchange.cut()))
})

test.each([503, 401, 429, 'html'] as const)(
  'a handshake refused with %s is tried again',
  async (status) => {
    const before = collector.status().reconnects
    rig.exchange.refuseHandshakes(1, status)
    await strike('cut', () => rig.exchange.cut())
    await until('a second attempt', () => collector.status().reconnects >= before + 2)
    await sameBooks()
  },
)

test('error 25 is an overflow gap, and the books come back on a new connection', async () => {
  await everyMarketToldOf('overflow', await strike('overflow', () => rig.exchange.overflow()))
})

test.each([true, false])(
  'silence of the data is noticed, pings or not (%s), and is a gap from the last frame',
  async (pings) => {
    const quiet = await openRig({ pingMs: 50 }, { PROBE_MS: '100', SILENCE_MS: '1500' })
    try {
      const silent = await quiet.start()
      await until('every book is known', () => silent.status().known === 12)
      quiet.exchange.silence(60_000, { pings })
      const readUs = await allRead()
      await until('a new connection', () => silent.status().reconnects > 0)
      await quiet.settle(silent)
      const gaps =
        await quiet.owner`select from_us::text as f from kb.book_gaps where cause = 'silence'`
      expect(gaps).toHaveLength(12)
      for (const gap of gaps) expect(Number(gap['f'])).toBeLessThan(readUs)
      expect(await quiet.storeBooks()).toEqual(quiet.exchangeBooks())
    } finally {
      await quiet.stop()
    }
  },
)

test('a lost last frame is found by asking, though nothing follows it', async () => {
  const calm = await openRig({ rate: 100 }, { PROBE_MS: '100' })
  try {
    const collector = await calm.start()
    await until('every book is known', () => collector.status().known === 12)
    calm.exchange.pause()
    calm.exchange.dropNext(1)
    calm.exchange.step(1)
    await calm.settle(collector)
    const gaps = await calm.owner`select from kb.book_gaps where cause = 'sequence'`
    expect(gaps).toHaveLength(12)
    expect(await calm.storeBooks()).toEqual(calm.exchangeBooks())
  } finally {
    await calm.stop()
  }
})

test('invariant 6: when the spool is full the exchange is not read, and the loss is an overflow gap', async () => {
  const full = await openRig({ rate: 2000 }, { SPOOL_MAX_AGE_S: '1' })
  try {
    const small = await full.start()
    await until('every book is known', () => small.status().known === 12)
    await full.owner.begin(async (tx) => {
      // Whoever writes must see the lease: as long as this row is locked, nothing is written.
      await tx`select from kb.lease for update`
      await until('it stops reading', () => full.exchange.connections() === 0)
      expect(small.status().known).toBe(0)
    })
    await full.settle(small)
    const [gap] = await full.owner`
      select count(*)::int as n from kb.book_gaps where cause = 'overflow'`
    expect(gap?.['n']).toBeGreaterThanOrEqual(12)
    expect(await full.storeBooks()).toEqual(full.exchangeBooks())
  } finally {
    await full.stop()
  }
})

test('a collector whose lease was taken writes nothing more and says so', async () => {
  const sql = connectStore(rig.database.collectorUrl, 1)
  await take(sql)
  await sql.end()
  const rows = async () => (await rig.owner`select from kb.book_deltas`).length
  await until('it gives up', () => rig.failures.length > 0)
  expect(rig.failures).toEqual(['lease_lost'])
  const before = await rows()
  const { frames } = collector.status()
  await until('more frames', () => collector.status().frames > frames + 50)
  expect(await rows()).toBe(before)
})
