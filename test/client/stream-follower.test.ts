import { expect, test } from 'vitest'
import type { ServerMessage } from '#core/wire/stream'
import { SUBSCRIBE_BYTES } from '#core/wire/stream-command'
import { StreamFollower } from '../../client/stream-follower.ts'
import type { Selection } from '../../client/subscriptions.ts'

const limits = { connections: 1, markets: 10 }
const WELCOME = { type: 'welcome', plan: 'pro', limits, server_us: 1 } as const

const TRADE = {
  type: 'trade',
  market: 'M',
  price: '0.4200',
  size: '1.00',
  taker: 'no',
  block: false,
  source: 'stream',
} as const

function image(market: string, checksum = 372092135): ServerMessage {
  return {
    type: 'snapshot',
    market,
    seq: 100,
    image: true,
    reason: 'initial',
    yes: [['0.4200', '5.00']],
    no: [],
    checksum,
    full_checksum: 372092135,
    market_status: 'active',
    recv_us: 1,
  }
}

/** A follower that is connected, with these subscriptions numbered 1, 2, … and not ready. */
function opened(...selections: readonly Selection[]): StreamFollower {
  const follower = new StreamFollower(null)
  for (const selection of selections) follower.subscribe(selection)
  follower.connected(0)
  follower.hear(WELCOME, 0)
  follower.outbox.take(0)
  selections.forEach((_, i) => {
    const sub = i + 1
    follower.hear({ type: 'subscribed', id: sub, sub, accepted: 1, rejected: [] }, 0)
  })
  return follower
}

test('a market that left is forgotten, and so is one whose last subscription ended', () => {
  const follower = opened({ series: ['S'] }, { markets: ['M'] })
  for (const market of ['S-1', 'M']) follower.hear(image(market), 0)
  expect([...follower.books.keys()]).toEqual(['S-1', 'M'])
  expect(follower.hear({ type: 'left', sub: 1, markets: ['S-1'] }, 0)).toEqual([
    { type: 'left', id: 1, markets: ['S-1'] },
  ])
  expect([...follower.books.keys()]).toEqual(['M'])
  follower.unsubscribe(1)
  expect([...follower.books.keys()]).toEqual(['M'])
  follower.unsubscribe(2)
  expect(follower.books.size).toBe(0)
  expect(follower.outbox.take(0)).toEqual([
    { op: 'unsubscribe', sub: 1 },
    { op: 'unsubscribe', sub: 2 },
  ])
  // What was under way when it ended is not taken for news.
  expect(follower.hear(image('M'), 0).filter(({ type }) => type === 'book')).toEqual([])
  expect(follower.books.size).toBe(0)
})

test('a subscription that cannot be opened now is asked for again, one that cannot be at all is not', () => {
  const follower = new StreamFollower(null)
  follower.subscribe({ markets: ['A'] })
  follower.subscribe({ all: true })
  follower.connected(0)
  follower.outbox.take(0)
  const message = 'why'
  follower.hear({ type: 'error', id: 1, code: 'upstream_degraded', message }, 0)
  follower.hear({ type: 'error', id: 2, code: 'too_many_markets', message }, 0)
  follower.tick(1000)
  expect(follower.outbox.take(2000)).toEqual([])
  follower.tick(2000)
  expect(follower.outbox.take(2000)).toMatchObject([{ op: 'subscribe', id: 1, markets: ['A'] }])
  follower.disconnected('disconnected', 0)
  follower.connected(3000)
  expect(follower.outbox.take(4000)).toHaveLength(1)
})

test.each([
  ['all levels', 'resync', null],
  ['ten levels', 'resync', 10],
  ['fewer levels than the checksum is of', 'book', 5],
] as const)('of a book with %s a wrong checksum comes to a %s', (_, type, depth) => {
  const follower = opened({ markets: ['M'], depth })
  expect(follower.hear(image('M', 7), 0)).toMatchObject([{ type }])
})

test('a market that one subscription may show with fewer levels is checked as such', () => {
  const follower = opened({ markets: ['M'] }, { series: ['S'], depth: 1 })
  expect(follower.hear(image('M', 7), 0)).toMatchObject([{ type: 'book' }])
})

test('no new start is asked for of a market that is no longer followed', () => {
  const follower = opened({ markets: ['M'] })
  expect(follower.hear(image('M', 7), 0)).toMatchObject([{ type: 'resync', cause: 'checksum' }])
  follower.unsubscribe(1)
  expect(follower.outbox.take(0)).toEqual([{ op: 'unsubscribe', sub: 1 }])
})

test('no more is said in a second than is taken', () => {
  const follower = opened({ all: true })
  for (let n = 0; n < 30; n += 1) follower.hear(image(`M-${n}`, 7), 0)
  const said = [0, 500, 1000, 2000].map((now) => follower.outbox.take(now).length)
  expect(said).toEqual([11, 0, 12, 7])
  expect(follower.outbox.nextMs).toBeNull()
})

test('what is cut to a depth is not resumed, and the rest is', () => {
  const follower = opened({ markets: ['M'] }, { markets: ['N'], depth: 5 })
  for (const market of ['M', 'N']) follower.hear(image(market), 0)
  follower.disconnected('disconnected', 0)
  follower.connected(0)
  const said = follower.outbox.take(5000) as { resume?: object }[]
  expect(said.map(({ resume }) => resume)).toEqual([{ M: 100 }, undefined])
})

test('a market that left one subscription and is named by another is still followed', () => {
  const follower = opened({ series: ['S'] }, { markets: ['S-1'] })
  follower.hear(image('S-1'), 0)
  follower.hear({ type: 'left', sub: 1, markets: ['S-1'] }, 0)
  expect(follower.books.get('S-1')?.kind).toBe('known')
})

test('a book that did not come so far is forgotten, and no other', () => {
  const follower = opened({ markets: ['M', 'N'] })
  for (const market of ['M', 'N']) follower.hear(image(market), 0)
  follower.disconnected('disconnected', 0)
  follower.connected(0)
  follower.hear({ type: 'error', code: 'resume_ahead', message: 'why', market: 'M' }, 0)
  const older = (market: string) => ({ ...image(market), seq: 90 }) as ServerMessage
  expect(follower.hear(older('M'), 0)).toMatchObject([{ type: 'book', seq: 90 }])
  expect(follower.hear(older('N'), 0)).toEqual([])
  expect(follower.books.get('N')?.seq).toBe(100)
})

test('a subscribe has no more bytes than are taken, however many markets it names and resumes', () => {
  const markets = Array.from({ length: 20_000 }, (_, n) => `KXMARKET-26NOV2217-T${n}.5`)
  const follower = opened({ markets })
  for (const market of markets) follower.hear(image(market), 0)
  follower.disconnected('disconnected', 0)
  follower.connected(0)
  const [command] = follower.outbox.take(5000)
  const text = JSON.stringify(command)
  expect(text).toContain('"resume":{"KXMARKET')
  expect(text.length).toBeLessThan(SUBSCRIBE_BYTES)
})

test.each(['rejected', 'left'] as const)(
  'a book that is %s on the next connection is not vouched for by those that are followed',
  (how) => {
    const follower = opened({ markets: ['M', 'N'] })
    for (const market of ['M', 'N']) follower.hear(image(market), 0)
    follower.disconnected('disconnected', 0)
    follower.connected(0)
    follower.hear(WELCOME, 0)
    const rejected = how === 'left' ? [] : [{ market: 'M', code: 'not_found' }]
    follower.hear({ type: 'subscribed', id: 1, sub: 1, accepted: 1, rejected }, 0)
    if (how === 'left') follower.hear({ type: 'left', sub: 1, markets: ['M'] }, 0)
    follower.hear({ type: 'ready', sub: 1 }, 0)
    expect(follower.books.get('N')?.stale).toBe(false)
    expect(follower.books.get('M')?.stale ?? true).toBe(true)
  },
)

test('a book that one of two subscriptions does not have stays, until the other has it neither', () => {
  const follower = opened({ series: ['S'] }, { series: ['R'] })
  follower.hear(image('R-1'), 0)
  follower.hear({ type: 'left', sub: 1, markets: ['R-1'] }, 0)
  expect(follower.books.get('R-1')?.kind).toBe('known')
  follower.hear({ type: 'left', sub: 2, markets: ['R-1'] }, 0)
  expect(follower.books.size).toBe(0)
})

test('a market that is refused to a free account is dropped, and not vouched for', () => {
  const follower = opened({ markets: ['M', 'N'] })
  for (const market of ['M', 'N']) follower.hear(image(market), 0)
  follower.hear({ type: 'ready', sub: 1 }, 0)
  follower.disconnected('disconnected', 0)
  follower.connected(1)
  follower.hear(WELCOME, 1)
  follower.hear({ type: 'subscribed', id: 1, sub: 1, accepted: 2, rejected: [] }, 1)
  const refused = { type: 'error', code: 'too_many_markets', message: 'why', market: 'M' } as const
  expect(follower.hear(refused, 1)).toEqual([{ ...refused, id: null }])
  follower.hear({ type: 'ready', sub: 1 }, 1)
  expect([...follower.books].map(([market, { current }]) => [market, current])).toEqual([
    ['N', true],
  ])
  expect(follower.hear(image('M'), 2)).toMatchObject([{ type: 'book' }])
})

test('trades that were resumed are resumed again until all of them were told', () => {
  const follower = opened({ markets: ['M'], channels: ['trade'] })
  follower.hear({ type: 'ready', sub: 1 }, 0)
  const us = 1_795_280_402_000_000
  const resumedFrom = () => {
    follower.disconnected('disconnected', 100)
    follower.connected(0)
    const [said] = follower.outbox.take(0) as { resume_trades_us?: number }[]
    return said?.resume_trades_us
  }
  const hear = (id: string, recv_us: number) =>
    follower.hear({ ...TRADE, trade_id: id, event_us: recv_us, recv_us }, 0)
  const opens = () =>
    follower.hear({ type: 'subscribed', id: 1, sub: 1, accepted: 1, rejected: [] }, 0)
  hear('one', us)
  const from = resumedFrom()
  expect(from).toBeGreaterThan(us - 10_000_000)
  expect(from).toBeLessThan(us)
  // What comes live is told beside what is looked for.
  opens()
  hear('three', us + 60_000_000)
  expect(resumedFrom()).toBe(from)
  opens()
  hear('two', us + 30_000_000)
  follower.hear({ type: 'ready', sub: 1 }, 0)
  expect(resumedFrom()).toBeGreaterThan(us + 50_000_000)
})

test('who was told all resumes trades from the last that came, whatever another subscription still waits for', () => {
  const follower = opened(
    { markets: ['M'], channels: ['trade'] },
    { markets: ['N'], channels: ['trade'] },
  )
  for (const sub of [1, 2]) follower.hear({ type: 'ready', sub }, 0)
  const us = 1_795_280_402_000_000
  const hear = (id: string, recv_us: number) =>
    follower.hear({ ...TRADE, trade_id: id, event_us: recv_us, recv_us }, 0)
  hear('one', us)
  follower.disconnected('disconnected', 100)
  follower.connected(0)
  follower.outbox.take(0)
  for (const id of [1, 2]) {
    follower.hear({ type: 'subscribed', id, sub: id, accepted: 1, rejected: [] }, 0)
  }
  follower.hear({ type: 'ready', sub: 1 }, 0)
  hear('two', us + 60_000_000)
  follower.disconnected('disconnected', 100)
  follower.connected(0)
  const [first, second] = follower.outbox.take(0) as { resume_trades_us?: number }[]
  expect(first?.resume_trades_us).toBeGreaterThan(us + 50_000_000)
  expect(second?.resume_trades_us).toBeLessThan(us)
})

test('where no trades come the next connection resumes from the last, not from the first', () => {
  const follower = opened({ markets: ['M'], channels: ['trade'] })
  follower.hear({ type: 'ready', sub: 1 }, 0)
  const us = 1_795_280_402_000_000
  const again = (server_us: number) => {
    follower.disconnected('disconnected', 100)
    follower.connected(0)
    follower.hear({ ...WELCOME, server_us }, 0)
    follower.hear({ type: 'subscribed', id: 1, sub: 1, accepted: 1, rejected: [] }, 0)
    const [said] = follower.outbox.take(0) as { resume_trades_us?: number }[]
    return said?.resume_trades_us
  }
  again(us)
  // It was not told all: what it resumes from stays.
  expect(again(us + 60_000_000)).toBeLessThan(us - 60_000_000)
  follower.hear({ type: 'ready', sub: 1 }, 0)
  const from = again(us + 120_000_000)
  expect(from).toBeGreaterThan(us + 50_000_000)
  expect(from).toBeLessThan(us + 60_000_000)
})

test.each(['unsubscribed', 'refused'] as const)(
  'what was resumed is vouched for once the last subscription that was waited for is %s',
  (how) => {
    const follower = opened({ markets: ['M'] }, { markets: ['N'] })
    for (const market of ['M', 'N']) follower.hear(image(market), 0)
    for (const sub of [1, 2]) follower.hear({ type: 'ready', sub }, 0)
    follower.disconnected('disconnected', 0)
    follower.connected(0)
    follower.hear(WELCOME, 0)
    follower.hear({ type: 'subscribed', id: 1, sub: 1, accepted: 1, rejected: [] }, 0)
    follower.hear({ type: 'ready', sub: 1 }, 0)
    expect(follower.books.get('M')?.stale).toBe(true)
    const error = { type: 'error', id: 2, code: 'too_many_markets', message: 'why' } as const
    if (how === 'unsubscribed') follower.unsubscribe(2)
    const told = follower.hear(how === 'refused' ? error : { type: 'pong' }, 0)
    expect(told.map(({ type }) => type)).toContain('healthy')
    expect(follower.books.get('M')?.stale).toBe(false)
    expect(follower.books.has('N')).toBe(false)
  },
)
