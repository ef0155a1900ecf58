import { expect, test } from 'vitest'
import { Ingest } from '#core/ingest'
import type { Micros } from '#core/instant'
import { decodeFrame } from '#core/kalshi/decode'
import type { Epoch, GapRecord } from '#core/log'
import { MarketLog } from '#core/market-log'
import { Owners } from '#core/owners'
import type { Ticker } from '#core/ticker'

const A = 'KXA-1' as Ticker
const B = 'KXB-1' as Ticker
const EPOCH = 5 as Epoch
const at = (us: number) => us as Micros

/** One connection that follows two markets; `hear` gives it a frame at a time in µs. */
function connection() {
  const logs = new Map([A, B].map((market) => [market, new MarketLog(EPOCH, null)]))
  const owners = new Owners()
  for (const [market, log] of logs) owners.aim(owners.follow(market, log), 0)
  const ingest = new Ingest(owners, 0, at(0))
  const hear = (frame: object, us: number) =>
    ingest.frame(decodeFrame(JSON.stringify(frame)), at(us))
  const snapshot = (seq: number, market: string, us: number, msg: object = {}) =>
    hear({ type: 'orderbook_snapshot', sid: 1, seq, msg: { market_ticker: market, ...msg } }, us)
  const delta = (seq: number, market: string, us: number, msg: object = {}) => {
    const change = { price_dollars: '0.4000', delta_fp: '1.00', side: 'yes', ...msg }
    return hear(
      { type: 'orderbook_delta', sid: 1, seq, msg: { market_ticker: market, ...change } },
      us,
    )
  }
  hear({ type: 'subscribed', id: 1, msg: { channel: 'orderbook_delta', sid: 1 } }, 10)
  return { logs, owners, ingest, hear, snapshot, delta }
}

/** The same, with both books known since 100 and 200. */
function bothKnown() {
  const it = connection()
  it.snapshot(1, A, 100)
  it.snapshot(2, B, 200)
  return it
}

const gaps = (records: readonly { market: string; record: { kind: string } }[]) =>
  records.flatMap(({ market, record }) =>
    record.kind === 'gap'
      ? [[market, (record as GapRecord).cause, (record as GapRecord).from]]
      : [],
  )

test('invariant 2: a gap on a sid makes every book of it stale; a snapshot absolves its market alone', () => {
  const it = bothKnown()
  const broken = it.delta(4, A, 900)
  expect(gaps(broken.records)).toEqual([
    [A, 'sequence', 200],
    [B, 'sequence', 200],
  ])
  expect(broken.records.every(({ record }) => record.recv === 900)).toBe(true)
  expect(broken.resync).toEqual({ markets: [A, B] })
  const absolved = it.snapshot(5, B, 1000)
  expect(absolved.records).toMatchObject([
    { market: B, record: { kind: 'snapshot', reason: 'gap' } },
  ])
  expect(it.logs.get(A)?.known).toBe(false)
  expect(it.logs.get(B)?.known).toBe(true)
})

test('an ok consumes a seq, so that what follows it is no gap', () => {
  const it = bothKnown()
  it.hear({ type: 'ok', id: 2, sid: 1, seq: 3, msg: { market_tickers: [A, B] } }, 300)
  expect(it.delta(4, A, 400).records).toMatchObject([{ record: { kind: 'delta', size: 100 } }])
})

test('unknown types and unsequenced ones consume the seq that they bear, and are never fatal', () => {
  const it = bothKnown()
  expect(it.hear({ type: 'weather', sid: 1, seq: 3, msg: {} }, 300)).toEqual({
    records: [],
    resync: null,
    moved: null,
    ended: null,
    dead: null,
  })
  expect(it.delta(4, A, 400).records).toHaveLength(1)
})

test('a repeated frame, and one that comes after its successors, changes nothing', () => {
  const it = bothKnown()
  it.delta(3, A, 300)
  expect(it.delta(3, A, 310).records).toEqual([])
  it.delta(5, A, 400)
  expect(it.delta(4, B, 410).records).toEqual([])
})

test('a gap while books are stale writes no second gap record, and asks for nothing twice', () => {
  const it = bothKnown()
  it.delta(4, A, 900)
  const again = it.delta(6, A, 950)
  expect(again.records).toEqual([])
  expect(again.resync).toBeNull()
})

test('invariant 3: what cannot be read makes its market stale, and asks for a fresh snapshot', () => {
  const it = bothKnown()
  const bad = it.delta(3, A, 300, { price_dollars: '1.0000' })
  expect(gaps(bad.records)).toEqual([[A, 'malformed', 200]])
  expect(bad.resync).toEqual({ markets: [A] })
  expect(it.delta(4, B, 400).records).toHaveLength(1)
  expect(it.delta(5, A, 500).records).toEqual([])
})

test('a malformed frame that names no market makes every book of its sid stale', () => {
  const it = bothKnown()
  const bad = it.hear({ type: 'orderbook_delta', sid: 1, seq: 3, msg: {} }, 300)
  expect(gaps(bad.records).map(([market]) => market)).toEqual([A, B])
})

test('text without a readable sid condemns the connection', () => {
  const it = bothKnown()
  const bad = it.ingest.frame(decodeFrame('{"type":'), at(300))
  expect(gaps(bad.records)).toEqual([
    [A, 'malformed', 200],
    [B, 'malformed', 200],
  ])
  expect(bad.dead).not.toBeNull()
})

test('invariant 3: a level driven below zero is a mismatch since the last snapshot of that market', () => {
  const it = bothKnown()
  it.delta(3, A, 300)
  const bad = it.delta(4, A, 400, { delta_fp: '-1.01' })
  expect(gaps(bad.records)).toEqual([[A, 'mismatch', 100]])
  expect(bad.resync).toEqual({ markets: [A] })
})

test('a lost connection is vouched for until the last frame of its books: pings prove no data', () => {
  for (const cause of ['cut', 'silence'] as const) {
    const it = bothKnown()
    it.delta(3, A, 700)
    expect(gaps(it.ingest.lose(cause, at(900)))).toEqual([
      [A, cause, 700],
      [B, cause, 700],
    ])
  }
})

test('a connection is vouched for by frames of the books’ sid alone', () => {
  const it = connection()
  expect(it.ingest.vouched).toBe(10)
  it.snapshot(1, A, 100)
  it.hear({ type: 'subscribed', id: 2, msg: { channel: 'trade', sid: 2 } }, 250)
  it.hear({ type: 'weather', sid: 2, seq: 1, msg: {} }, 300)
  expect(it.ingest.vouched).toBe(100)
})

test('known markets are asked about in their turn, unknown ones not', () => {
  const it = bothKnown()
  expect([it.ingest.probe(), it.ingest.probe(), it.ingest.probe()]).toEqual([A, B, A])
  it.delta(3, A, 300, { price_dollars: '1.0000' })
  expect([it.ingest.probe(), it.ingest.probe()]).toEqual([B, B])
  expect(connection().ingest.probe()).toBeNull()
})

const LEVEL = { yes_dollars_fp: [['0.4000', '1.00']] }
const answer = (seq: number, msg: object) => ({
  type: 'orderbook_snapshot',
  id: 7,
  sid: 1,
  seq,
  msg: { market_ticker: A, ...msg },
})

test('an answer that is the book we know is no record, and vouches for it', () => {
  const it = connection()
  it.snapshot(1, A, 100, LEVEL)
  expect(it.hear(answer(2, LEVEL), 500).records).toEqual([])
  expect(it.logs.get(A)?.vouched).toBe(500)
  expect(it.delta(3, A, 600).records).toMatchObject([{ record: { size: 200 } }])
})

test('an answer that is another book is a mismatch since the last that was right, then the book', () => {
  const it = connection()
  it.snapshot(1, A, 100, LEVEL)
  it.delta(2, A, 400)
  const { records } = it.hear(answer(3, LEVEL), 500)
  expect(gaps(records)).toEqual([[A, 'mismatch', 100]])
  expect(records[1]).toMatchObject({ record: { kind: 'snapshot', reason: 'gap' } })
})

test('a snapshot that nobody asked for is recorded even when it changes nothing', () => {
  const it = connection()
  it.snapshot(1, A, 100, LEVEL)
  expect(it.snapshot(2, A, 200, LEVEL).records).toHaveLength(1)
})

test('invariant 7: a market whose first snapshot cannot be read makes no other stale', () => {
  const it = connection()
  it.snapshot(1, A, 100)
  const bad = it.snapshot(2, B, 200, { yes_dollars_fp: 'none' })
  expect(bad.records).toEqual([])
  expect(bad.resync).toEqual({ markets: [B] })
  expect(it.delta(3, A, 300).records).toHaveLength(1)
})

test('a count that went back is not taken for repeats for ever', () => {
  const it = bothKnown()
  it.delta(3, A, 300)
  let dead: string | null = null
  for (let seq = 1; dead === null; seq = (seq % 3) + 1) ({ dead } = it.delta(seq, A, 400))
  expect(it.logs.get(A)?.known).toBe(false)
})

test('errors 10 and 25 end the subscription, error 27 does not', () => {
  const error = (code: number) => ({ type: 'error', sid: 1, seq: 3, msg: { code, msg: 'x' } })
  expect(gaps(bothKnown().hear(error(25), 300).records)[0]).toEqual([A, 'overflow', 200])
  expect(bothKnown().hear(error(10), 300)).toMatchObject({ ended: 'error 10: x', dead: null })
  expect(bothKnown().hear(error(27), 300)).toMatchObject({ records: [], ended: null, dead: null })
})

test('an unsolicited empty snapshot is a known empty book', () => {
  const it = connection()
  it.snapshot(1, A, 100, { yes_dollars_fp: [['0.4000', '1.00']] })
  expect(it.snapshot(2, A, 200).records).toMatchObject([
    { record: { kind: 'snapshot', reason: 'exchange', yes: [], no: [] } },
  ])
})

test('the two deltas of an amend share a receive time; another market between them parts them', () => {
  const ts = { ts_ms: 1000 }
  const it = bothKnown()
  const first = it.delta(3, A, 1000, ts)
  const second = it.delta(4, A, 1600, { ...ts, price_dollars: '0.4100' })
  const apart = it.delta(5, B, 1700, ts)
  const later = it.delta(6, A, 1800, ts)
  expect([first, second, apart, later].map(({ records }) => records[0]?.record.recv)).toEqual([
    1000, 1000, 1700, 1800,
  ])
})

test('frames of markets and sids that we do not follow are counted and dropped', () => {
  const it = bothKnown()
  expect(it.delta(3, 'KXOTHER-1', 300).records).toEqual([])
  expect(it.delta(4, A, 400).records).toHaveLength(1)
  const elsewhere = {
    type: 'orderbook_delta',
    sid: 9,
    seq: 1,
    msg: { market_ticker: A, price_dollars: '0.4000', delta_fp: '1.00', side: 'yes' },
  }
  expect(it.hear(elsewhere, 500).records).toEqual([])
})

test('one owner: a snapshot on another sid takes the market over, and frames of the old one are dropped', () => {
  const it = bothKnown()
  it.hear({ type: 'subscribed', id: 2, msg: { channel: 'orderbook_delta', sid: 2 } }, 250)
  it.hear({ type: 'orderbook_snapshot', sid: 2, seq: 1, msg: { market_ticker: A } }, 300)
  expect(it.delta(3, A, 400).records).toEqual([])
  expect(gaps(it.delta(5, B, 500).records)).toEqual([[B, 'sequence', 400]])
  expect(it.logs.get(A)?.known).toBe(true)
})

/** Two connections that share their owners; the first one owns both markets, known since 100 and 200. */
function twoConnections() {
  const it = bothKnown()
  const other = new Ingest(it.owners, 1, at(0))
  const hear = (frame: object, us: number) =>
    other.frame(decodeFrame(JSON.stringify(frame)), at(us))
  hear({ type: 'subscribed', id: 1, msg: { channel: 'orderbook_delta', sid: 1 } }, 210)
  const snapshot = (seq: number, market: string, us: number) =>
    hear({ type: 'orderbook_snapshot', sid: 1, seq, msg: { market_ticker: market } }, us)
  const aim = (market: Ticker, connection: number) => {
    const followed = it.owners.get(market)
    if (followed !== undefined) it.owners.aim(followed, connection)
  }
  return { ...it, other: { ingest: other, hear, snapshot }, aim }
}

test('one owner: a snapshot of a connection that is not to have the market only counts', () => {
  const it = twoConnections()
  expect(it.other.snapshot(1, A, 300)).toMatchObject({ records: [], moved: null })
  expect(it.delta(3, A, 400).records).toHaveLength(1)
})

test('one owner: a market moves to another connection with its snapshot, and its log goes on', () => {
  const it = twoConnections()
  it.aim(A, 1)
  expect(it.delta(3, A, 300).records).toHaveLength(1)
  const taken = it.other.snapshot(1, A, 400)
  expect(taken.records).toMatchObject([
    { market: A, record: { kind: 'snapshot', reason: 'exchange' } },
  ])
  expect(taken.moved).toMatchObject({ market: A, from: { connection: 0, sid: 1 } })
  expect(it.delta(4, A, 500).records).toEqual([])
  // What the first connection loses from now on is not this market's.
  expect(gaps(it.ingest.lose('cut', at(600)))).toEqual([[B, 'cut', 500]])
  expect(gaps(it.other.ingest.lose('cut', at(700)))).toEqual([[A, 'cut', 400]])
})

test('one owner: a market that was to move is the old connection’s until the new one shows it', () => {
  const it = twoConnections()
  it.aim(A, 1)
  expect(it.other.ingest.lose('cut', at(300))).toEqual([])
  expect(it.snapshot(3, A, 400).records).toHaveLength(1)
  expect(it.delta(4, A, 500).records).toHaveLength(1)
})

test('one owner: what is lost before it is noticed is a gap of the markets too that another took meanwhile', () => {
  const it = twoConnections()
  it.aim(A, 1)
  it.other.snapshot(1, A, 400)
  expect(gaps(it.ingest.lose('silence', at(600)))).toEqual([
    [B, 'silence', 200],
    [A, 'silence', 200],
  ])
  expect(it.owners.get(A)?.owner).toMatchObject({ connection: 1 })
  expect(it.other.snapshot(2, A, 700).records).toHaveLength(1)
})

test('one owner: a hole behind which a market left is a gap of it, one that came later is not', () => {
  const it = twoConnections()
  it.aim(A, 1)
  it.other.snapshot(1, A, 400)
  const hole = it.delta(4, B, 500)
  expect(gaps(hole.records)).toEqual([
    [A, 'sequence', 200],
    [B, 'sequence', 200],
  ])
  expect(hole.resync?.markets).toEqual([B])
  it.other.snapshot(2, A, 600)
  it.snapshot(5, B, 700)
  expect(gaps(it.delta(7, B, 800).records)).toEqual([[B, 'sequence', 700]])
})

test('one owner: a market that has yet to leave a subscription is not taken from it again', () => {
  const owners = new Owners()
  const log = new MarketLog(EPOCH, null)
  owners.aim(owners.follow(A, log), 0)
  // The command 7 takes it out, and 8 adds it.
  const leaving = (market: Ticker, answered: number | null) => market === A && (answered ?? 0) < 7
  const ingest = new Ingest(owners, 0, at(0), leaving)
  const hear = (frame: object, us: number) =>
    ingest.frame(decodeFrame(JSON.stringify(frame)), at(us))
  const snapshot = { type: 'orderbook_snapshot', sid: 1, msg: { market_ticker: A } }
  hear({ type: 'subscribed', id: 1, msg: { channel: 'orderbook_delta', sid: 1 } }, 10)
  expect(hear({ ...snapshot, seq: 1 }, 20).records).toEqual([])
  expect(hear({ ...snapshot, seq: 2, id: 6 }, 30).records).toEqual([])
  expect(hear({ ...snapshot, seq: 3, id: 8 }, 40).records).toHaveLength(1)
})

test('a subscription that is told of twice is one, and keeps its markets', () => {
  const it = bothKnown()
  it.hear({ type: 'subscribed', id: 2, msg: { channel: 'orderbook_delta', sid: 1 } }, 250)
  expect(it.delta(3, A, 300).records).toHaveLength(1)
  expect(gaps(it.ingest.lose('cut', at(400)))).toEqual([
    [A, 'cut', 300],
    [B, 'cut', 300],
  ])
})

test('a market that is followed no more is a stranger at once', () => {
  const it = bothKnown()
  it.owners.unfollow(A)
  expect(it.delta(3, A, 300).records).toEqual([])
  expect(it.snapshot(4, A, 400).records).toEqual([])
  expect(gaps(it.ingest.lose('cut', at(500)))).toEqual([[B, 'cut', 400]])
})

test('a log that has ended takes nothing more, and is asked for nothing', () => {
  const it = bothKnown()
  it.logs.get(A)?.end('settled', null, at(300))
  expect(it.snapshot(3, A, 400)).toMatchObject({ records: [], resync: null })
  expect(it.delta(4, A, 500, { price_dollars: 'x' })).toMatchObject({
    records: [],
    resync: { markets: [] },
  })
})

test('a subscription that is given up is believed no more, and the next one is', () => {
  const it = bothKnown()
  expect(gaps(it.ingest.abandon('cut', at(300)))).toEqual([
    [A, 'cut', 200],
    [B, 'cut', 200],
  ])
  expect(it.snapshot(3, A, 400).records).toEqual([])
  it.hear({ type: 'subscribed', id: 2, msg: { channel: 'orderbook_delta', sid: 2 } }, 500)
  const anew = { type: 'orderbook_snapshot', sid: 2, seq: 1, msg: { market_ticker: A } }
  expect(it.hear(anew, 600).records).toHaveLength(1)
  expect(it.ingest.bookSid).toBe(2)
})
