import { afterEach, expect, onTestFinished, test, vi } from 'vitest'
import { standingOf } from '#core/market-standing'
import type { Ticker } from '#core/ticker'
import type { FeedItem } from '#core/wire/feed'
import { FeedOutbox } from '../../collector/feed-outbox.ts'
import { us } from '../core/arbitraries.ts'
import { until } from '../until.ts'
import { openPublisher, type PublisherRig } from './publisher-rig.ts'

let rig: PublisherRig
afterEach(() => rig.stop())

const seqsOf = (items: readonly FeedItem[]) =>
  items.flatMap(({ records = [] }) => records.map(({ seq }) => seq))
const rising = (seqs: readonly number[]) =>
  seqs.every((seq, i) => i === 0 || seq === (seqs[i - 1] ?? 0) + 1)

test('what is recorded of a watched market comes in order, each record once, and the books agree', async () => {
  rig = await openPublisher(['A', 'B'])
  await rig.agree()
  for (let i = 0; i < 50; i += 1) {
    rig.change('A')
    rig.change('B', 2)
    await new Promise(setImmediate)
  }
  await rig.agree()
  expect(rig.shard.needs).toBe(0)
  const seqs = seqsOf(rig.shard.items('B'))
  expect(seqs).toHaveLength(100)
  expect(rising(seqs)).toBe(true)
})

test('a market that is watched twice begins again with an image, and loses nothing', async () => {
  rig = await openPublisher(['A'])
  await rig.agree()
  rig.change('A', 3)
  rig.shard.say({ watch: ['A'] })
  rig.change('A', 3)
  await until('a second image', () => rig.shard.items('A').filter((i) => i.image).length === 2)
  rig.change('A', 3)
  await rig.agree()
  const seqs = seqsOf(rig.shard.items('A'))
  expect(seqs).toHaveLength(9)
  expect(rising(seqs)).toBe(true)
  expect(rig.publisher.watched).toBe(1)
})

test('a market that is watched no more is told of no more, and one never watched may be unwatched', async () => {
  rig = await openPublisher(['A', 'B'])
  await rig.agree()
  rig.shard.say({ unwatch: ['A', 'NONE'] })
  await until('one is watched', () => rig.publisher.watched === 1)
  rig.shard.watched = ['B']
  rig.change('A', 3)
  rig.change('B', 3)
  await rig.agree()
  expect(seqsOf(rig.shard.items('A'))).toEqual([])
})

test('a peek is answered with the book, why there is none, or nothing, and watches nothing', async () => {
  rig = await openPublisher()
  rig.open('A')
  rig.open('GAP')
  rig.log('GAP').gap('cut', us(1), rig.now())
  rig.log('NEW')
  const peeks = ['A', 'GAP', 'NEW', 'NONE'].map((m, ref) => ({ m, ref }))
  rig.shard.say({ peek: peeks })
  await until('four answers', () => rig.shard.items().length === 4)
  const [a, gap, fresh, none] = rig.shard.items()
  expect(a).toMatchObject({ m: 'A', ref: 0, image: { seq: rig.log('A').last } })
  expect(a?.sum).toBeGreaterThan(0)
  expect(gap).toMatchObject({ m: 'GAP', ref: 1, records: [{ type: 'gap' }] })
  expect(gap).not.toHaveProperty('image')
  expect([fresh, none]).toEqual([
    { m: 'NEW', ref: 2 },
    { m: 'NONE', ref: 3 },
  ])
  expect(rig.publisher.watched).toBe(0)
})

test('a flood of peeks is bounded, and watched markets are told of meanwhile', async () => {
  rig = await openPublisher(['A'])
  await rig.agree()
  rig.shard.acks = false
  rig.open('DEEP', 10)
  for (let i = 0; i < 12; i += 1) {
    const peek = Array.from({ length: 2000 }, (_, j) => ({ m: 'DEEP', ref: i * 2000 + j }))
    rig.shard.say({ peek })
  }
  rig.change('A')
  await rig.agree()
  const answers = () => rig.shard.items('DEEP').length
  const held = answers()
  expect(held).toBeLessThan(10_000)
  rig.shard.acks = true
  rig.shard.say(...Array.from({ length: 100 }, (_, n) => ({ ack: n + 1 })))
  // As long as ten thousand wait nobody else's question is taken.
  await until('there is room', () => answers() > held + 5000)
  rig.shard.say({ peek: [{ m: 'A', ref: 99_999 }] })
  await rig.shard.item('the last answer', ({ ref }) => ref === 99_999)
  expect(answers()).toBeLessThan(24_000)
  expect(Math.max(...rig.shard.sizes)).toBeLessThan(520 * 1024)
})

test('while a shard acknowledges nothing a backlog becomes an image, and eight batches are on their way', async () => {
  rig = await openPublisher(['A', 'B'])
  await rig.agree()
  rig.shard.acks = false
  const batches = () => rig.shard.told.filter((message) => 'n' in message).length
  const before = batches()
  while (batches() < before + 8) {
    rig.change('A')
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
  const held = batches()
  for (let i = 0; i < 300; i += 1) {
    rig.change('A')
    if (i < 100) rig.change('B')
    if (i % 30 === 0) await new Promise(setImmediate)
  }
  expect(batches()).toBe(held)
  rig.shard.acks = true
  rig.shard.say(...Array.from({ length: held }, (_, n) => ({ ack: n + 1 })))
  await rig.agree()
  expect(rig.shard.needs).toBe(0)
  // B had few: each of its records came.
  const seqs = seqsOf(rig.shard.items('B'))
  expect(seqs).toHaveLength(100)
  expect(rig.shard.items('A').at(-1)?.image).toBeDefined()
})

test('a shard that takes less than comes is cut off at the bound, and begins anew with images', async () => {
  rig = await openPublisher(['A', 'B'], 200)
  await rig.agree()
  rig.shard.acks = false
  for (let i = 0; rig.shard.greetings < 2; i += 1) {
    rig.trade('A', `${i}`)
    rig.change('B')
    if (i % 20 === 0) await new Promise((resolve) => setTimeout(resolve, 2))
  }
  rig.shard.acks = true
  await rig.agree()
})

test('a shard that acknowledges nothing for ten seconds is cut off', async () => {
  rig = await openPublisher(['A'])
  await rig.agree()
  rig.shard.acks = false
  rig.change('A')
  await rig.agree()
  const clock = Date.now
  const later = vi.spyOn(Date, 'now').mockImplementation(() => clock() + 10_001)
  const none = { upstream_age_ms: null, lag_p50_ms: null, lag_p99_ms: null }
  rig.publisher.beat({ sent_us: 1, stale: 0, gaps: 0, ...none })
  later.mockRestore()
  await until('greeted again', () => rig.shard.greetings === 2 && rig.publisher.open === 1)
})

test('a cut in the middle of batches is healed by images after the next greeting', async () => {
  rig = await openPublisher(['A', 'B'])
  await rig.agree()
  for (let i = 0; i < 60; i += 1) {
    rig.change('A', 5)
    if (i === 30) rig.shard.cut()
    if (i % 10 === 0) await new Promise(setImmediate)
  }
  await until('greeted again', () => rig.shard.greetings === 2 && rig.publisher.open === 1)
  rig.change('B', 5)
  await rig.agree()
})

test('what follows a seq that is still held is told exactly, and who has all of it hears so', async () => {
  rig = await openPublisher(['A'])
  await rig.agree()
  rig.change('A', 10)
  await rig.agree()
  const last = Number(rig.log('A').last)
  const before = rig.shard.items('A').length
  rig.shard.say({ need: [{ m: 'A', have: last - 4 }] })
  await until('an answer', () => rig.shard.items('A').length > before)
  const answer = rig.shard.items('A').at(-1)
  expect(answer?.records?.map(({ seq }) => seq)).toEqual([last - 3, last - 2, last - 1, last])
  expect(answer).not.toHaveProperty('image')
  rig.shard.say({ need: [{ m: 'A', have: last }] })
  await until('a second answer', () => rig.shard.items('A').length > before + 1)
  expect(rig.shard.items('A').at(-1)).toEqual({ m: 'A', sum: answer?.sum })
  rig.shard.say({ need: [{ m: 'A', have: 5 }] })
  await until('a third answer', () => rig.shard.items('A').length > before + 2)
  expect(rig.shard.items('A').at(-1)?.image?.seq).toBe(last)
})

test('thousands of markets are answered in pieces, with turns for others in between', async () => {
  const markets = Array.from({ length: 2500 }, (_, i) => `MARKET-${i}`)
  rig = await openPublisher()
  for (const market of markets) rig.open(market, 20)
  // By turns, not by time: the shard of this test shares them, and the machine may have much else to do.
  const piecesOfTurns = [0]
  const count = () => {
    piecesOfTurns.push(0)
    others = setImmediate(count)
  }
  let others = setImmediate(count)
  onTestFinished(() => {
    clearImmediate(others)
    vi.restoreAllMocks()
  })
  const take = FeedOutbox.prototype.take
  vi.spyOn(FeedOutbox.prototype, 'take').mockImplementation(function (this: FeedOutbox, nowMs) {
    const piece = take.call(this, nowMs)
    if (piece !== null) piecesOfTurns.push((piecesOfTurns.pop() ?? 0) + 1)
    return piece
  })
  rig.shard.watched = markets
  rig.shard.say({ watch: markets })
  await rig.agree()
  const batches = rig.shard.told.filter((message) => 'n' in message)
  expect(batches.length).toBeGreaterThan(4)
  expect(Math.max(...rig.shard.sizes)).toBeLessThan(520 * 1024)
  // One by a timer may come right before the next turn's.
  expect(Math.max(...piecesOfTurns)).toBeLessThanOrEqual(2)
})

test('a market that ends while it is watched is told to its end, to who listens and who asks later', async () => {
  rig = await openPublisher(['A'])
  await rig.agree()
  rig.change('A')
  rig.publish('A', ...rig.log('A').end('settled', null, rig.now()))
  await until('the end', () => rig.shard.books.get('A')?.state.kind === 'closed')
  rig.shard.books.clear()
  rig.shard.say({ need: [{ m: 'A', have: null }] })
  await until('the end again', () => rig.shard.books.get('A')?.state.kind === 'closed')
  expect(rig.shard.books.get('A')?.seq).toBe(rig.log('A').last)
})

test('where a market stands goes with its first image and comes again whenever it turns', async () => {
  rig = await openPublisher()
  rig.open('A')
  const active = rig.stand('A', 'active')
  rig.shard.watched = ['A']
  rig.shard.say({ watch: ['A'] })
  await rig.agree()
  const [first] = rig.shard.items('A')
  expect(first).toMatchObject({ image: {}, status: { market_status: 'active', result: null } })
  rig.change('A')
  await rig.agree()
  expect(rig.shard.items('A').at(-1)).not.toHaveProperty('status')
  const after = { ...active, status: 'determined', result: 'yes', value: '1.00' }
  const standing = standingOf(active, after, [], rig.now())
  if (standing !== null) rig.publisher.stands(standing)
  await rig.shard.item('the result', ({ status }) => status?.market_status === 'determined')
  expect(rig.shard.items('A').at(-1)?.status).toMatchObject({
    result: 'yes',
    settlement_value: '1.0000',
  })
  await until('its listing', () => rig.shard.listings().length === 1)
  expect(rig.shard.listings()).toEqual([
    { m: 'A', event: 'EVENT', series: 'SERIES', status: 'determined' },
  ])
})

test('trades of watched markets come each once, many in several items, and of others not at all', async () => {
  rig = await openPublisher(['A'])
  await rig.agree()
  for (let i = 0; i < 1200; i += 1) rig.trade('A', `t${i}`)
  rig.trade('OTHER', 'none')
  const trades = () => rig.shard.items().flatMap((item) => item.trades ?? [])
  await until('every trade', () => trades().length === 1200)
  expect(trades().map(({ trade_id }) => trade_id)).toEqual(
    Array.from({ length: 1200 }, (_, i) => `t${i}`),
  )
  expect(Math.max(...rig.shard.items().map((item) => item.trades?.length ?? 0))).toBe(500)
})

test('listings are gathered, at most a thousand together, and told again to a shard that greets us', async () => {
  rig = await openPublisher()
  const markets = Array.from({ length: 1500 }, (_, i) => `NEW-${i}` as Ticker)
  for (const market of markets) {
    const standing = standingOf(null, rig.stand(market, 'initialized'), [], rig.now())
    if (standing !== null) rig.publisher.stands(standing)
  }
  await until('all listings', () => rig.shard.listings().length === 1500)
  const frames = () => rig.shard.told.flatMap((each) => ('directory' in each ? [each] : []))
  expect(frames().map(({ directory }) => directory.length)).toEqual([1000, 500])
  rig.shard.cut()
  await until('all listings again', () => rig.shard.listings().length === 3000)
  expect(frames()).toHaveLength(4)
})

test('a hole in the trades is told when it opens, when it closes, and to who greets us in between', async () => {
  rig = await openPublisher()
  rig.publisher.tradesLost(us(100))
  rig.publisher.tradesLost(us(105))
  await until('a hole', () => rig.shard.holes().length === 1)
  rig.shard.cut()
  await until('the hole again', () => rig.shard.holes().length === 2)
  rig.publisher.tradesResumed(us(110))
  rig.publisher.tradesResumed(us(120))
  await until('its end', () => rig.shard.holes().length === 3)
  const open = { from_us: 100, to_us: null }
  expect(rig.shard.holes()).toEqual([open, open, { from_us: 100, to_us: 110 }])
  rig.shard.cut()
  await until('greeted again', () => rig.shard.greetings === 3 && rig.publisher.open === 1)
  rig.shard.say({ peek: [{ m: 'NONE', ref: 1 }] })
  await rig.shard.item('an answer', ({ ref }) => ref === 1)
  expect(rig.shard.holes()).toHaveLength(3)
})
