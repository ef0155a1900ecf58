import { expect, test } from 'vitest'
import { checksums, contracts, dollars, type Ladder } from '../history/plain-wire.ts'
import { LiveFollower } from './live-follower.ts'

const MARKET = 'KXBTCD-27JAN0101-T92249.99'
const OTHER = 'KXBTCD-27JAN0101-T92749.99'

type Levels = readonly (readonly [price: number, size: number])[]
type Row = [side: 'yes' | 'no', price: string, change: string | null, size: string, null, number]
type Message = { [field: string]: unknown; type: string; d?: Row[] }

function ladder(levels: Levels): Ladder {
  return levels.map(([price, size]) => [dollars(price), contracts(size)])
}
function sums(yes: Levels, no: Levels = []) {
  return checksums({ yes: new Map(yes), no: new Map(no) })
}
function image(seq: number, yes: Levels, no: Levels = [], rest: object = {}): Message {
  const book = { yes: ladder(yes), no: ladder(no), ...sums(yes, no) }
  return { type: 'snapshot', market: MARKET, seq, image: true, ...book, recv_us: seq, ...rest }
}
function deltas(from: number, d: Row[], yes: Levels, to = from + d.length - 1): Message {
  const { checksum } = sums(yes)
  return { type: 'deltas', market: MARKET, seq: [from, to], d, checksum, sent_us: 0 }
}
function row(price: number, change: number | null, size: number, recvUs: number): Row {
  const text = change === null ? null : contracts(change)
  return ['yes', dollars(price), text, contracts(size), null, recvUs]
}
const gap = (seq: number) => ({ type: 'gap', market: MARKET, seq, from_us: 0, to_us: null })
const end = (seq: number) => ({ type: 'end', market: MARKET, seq })
const heartbeat = (seq: number) => ({ type: 'heartbeat', books: { [MARKET]: seq } })
const bbo = (seq: number) => ({ type: 'bbo', market: MARKET, seq, bid: null, ask: null })

const BOOK: Levels = [[420_000, 500]]
const OPENING: readonly Message[] = [
  image(10, BOOK),
  deltas(
    11,
    [row(410_000, 200, 200, 11), row(420_000, -100, 400, 12)],
    [
      [420_000, 400],
      [410_000, 200],
    ],
  ),
  deltas(13, [row(410_000, -200, 0, 13)], [[420_000, 400]]),
]
const NOW: Levels = [[420_000, 400]]

/** A follower that has heard all of this on one connection. */
function follower(messages: readonly object[], depth: number | null = null): LiveFollower {
  const follows = (market: string) => market === MARKET
  const it = new LiveFollower({ depth: () => depth, gathers: depth !== null, follows })
  it.opened()
  it.said(JSON.stringify({ op: 'subscribe', channels: ['book', 'trade'] }))
  it.take(JSON.stringify({ type: 'ready', sub: 1 }))
  for (const message of messages) it.take(JSON.stringify(message))
  return it
}
/** The same follower on its next connection, which resumes after a seq or begins anew. */
function again(before: LiveFollower, after: number | null, messages: readonly object[]) {
  before.closed()
  before.opened()
  const resume = after === null ? {} : { resume: { [MARKET]: after } }
  before.said(JSON.stringify({ op: 'subscribe', channels: ['book'], ...resume }))
  for (const message of messages) before.take(JSON.stringify(message))
  return before.problems
}

test('a stream as it should be has no problem, and its book is known', () => {
  expect(follower([...OPENING, heartbeat(13), bbo(13)]).problems).toEqual([])
  const held = follower(OPENING).market(MARKET)
  expect(held).toMatchObject({ seq: 13, book: { yes: new Map(NOW), no: new Map() } })
})

const [first, second, third] = OPENING as [Message, Message, Message]
const change = (message: Message, what: object) => ({ ...message, ...what })

test.each<[string, readonly object[]]>([
  ['a message is lost', [first, third]],
  ['a message comes twice', [first, second, second, third]],
  ['two messages change places', [first, third, second]],
  ['a row is lost', [first, change(second, { d: second.d?.slice(1) }), third]],
  ['two rows change places', [first, change(second, { d: second.d?.toReversed() }), third]],
  [
    'a size is wrong',
    [first, change(second, { d: [row(410_000, 200, 300, 11), row(420_000, -100, 400, 12)] })],
  ],
  [
    'a change is wrong, its size too',
    [first, change(second, { d: [row(410_000, 300, 300, 11), row(420_000, -100, 400, 12)] })],
  ],
  ['there are no rows', [first, change(second, { seq: [11, 11], d: [] })]],
  ['a checksum is wrong', [first, change(second, { checksum: 1 })]],
  ['an image has a wrong checksum', [change(first, { checksum: 1 })]],
  ['an image has a wrong checksum of all', [change(first, { full_checksum: 1 })]],
  ['deltas come before a book', [second]],
  ['an image goes back', [...OPENING, image(12, NOW)]],
  ['a gap goes back', [...OPENING, gap(12)]],
  ['deltas follow a gap without a book', [...OPENING, gap(14), deltas(15, [row(1, 1, 1, 15)], [])]],
  ['a snapshot leaves records out', [...OPENING, image(15, NOW, [], { image: false })]],
  ['an end leaves records out', [...OPENING, end(15)]],
  ['something follows the end', [...OPENING, end(14), deltas(15, [row(1, 1, 1, 15)], [])]],
  ['time goes back', [first, deltas(11, [row(420_000, -100, 400, 9)], [[420_000, 400]])]],
  ['a ladder is not best first', [image(10, [...BOOK, [430_000, 1]])]],
  ['a heartbeat names what was not told', [heartbeat(13)]],
  ['a heartbeat names more than was told', [...OPENING, heartbeat(14)]],
  ['best prices go back', [...OPENING, bbo(13), bbo(12)]],
  ['another market is told', [change(first, { market: OTHER })]],
  ['an error is told', [{ type: 'error', code: 'resume_ahead', message: '' }]],
])('it is seen when %s', (_, messages) => {
  expect(follower(messages).problems).not.toEqual([])
})

test('it is seen when what comes is no JSON', () => {
  const it = follower(OPENING)
  it.take('undefined')
  expect(it.problems).not.toEqual([])
})

test('a hole is covered by a gap, or by an image of its end or later', () => {
  expect(follower([...OPENING, gap(20), image(21, NOW, [], { image: false })]).problems).toEqual([])
  expect(follower([...OPENING, image(20, NOW)]).problems).toEqual([])
  expect(follower([...OPENING, gap(14)]).market(MARKET)?.book).toBeNull()
})

test('who resumes is told what follows, or begins anew ahead of what was told', () => {
  const next = deltas(14, [row(420_000, -100, 300, 14)], [[420_000, 300]])
  expect(again(follower(OPENING), 13, [next])).toEqual([])
  expect(again(follower(OPENING), 12, [third, next])).toEqual([])
  expect(again(follower(OPENING), null, [image(13, NOW), next])).toEqual([])
  expect(again(follower(OPENING), 13, [image(20, NOW)])).toEqual([])
  expect(again(follower([...OPENING, gap(14)]), null, [gap(14), image(14, NOW)])).toEqual([])
})

test('who says nothing of what it has may be shown an older book, if it was said to be old', () => {
  const down = { type: 'heartbeat', feed: 'down', books: {} }
  expect(again(follower(OPENING), null, [down, image(12, NOW)])).toEqual([])
  expect(again(follower(OPENING), 13, [down, image(12, NOW)])).not.toEqual([])
  const healthy = { ...down, feed: 'healthy' }
  expect(again(follower(OPENING), null, [down, healthy, image(12, NOW)])).not.toEqual([])
})

test.each<[string, number | null, readonly object[]]>([
  ['leaves records out', 12, [deltas(14, [row(420_000, -100, 300, 14)], [[420_000, 300]])]],
  ['is of more than was told', 14, []],
  ['ends in an image that goes back', 13, [image(12, NOW)]],
  ['begins anew behind what was told', null, [image(12, NOW)]],
  ['begins anew without a book', null, [deltas(14, [row(420_000, -100, 300, 14)], [])]],
])('it is seen when what resumes %s', (_, after, messages) => {
  expect(again(follower(OPENING), after, messages)).not.toEqual([])
})

const DEEP: Levels = Array.from({ length: 12 }, (_, i) => [420_000 - i * 10_000, 100])
const gathered = (from: number, to: number, d: Row[], yes: Levels) => deltas(from, d, yes, to)

test('levels with their sizes are followed to a depth, without cutting anything off', () => {
  const best = DEEP.slice(0, 10)
  const opening = image(10, best)
  const taken = best.slice(1)
  const entered: Levels = [...taken, [320_000, 100]]
  const rows = [row(420_000, null, 0, 30), row(320_000, null, 100, 30)]
  const good = gathered(11, 30, rows, entered)
  expect(follower([opening, good], 10).problems).toEqual([])
  expect(follower([opening, good], 10).market(MARKET)?.book?.yes).toEqual(new Map(entered))
  const bad = {
    'one left and was not named': gathered(11, 30, rows.slice(1), entered),
    'one entered and was not named': gathered(11, 30, rows.slice(0, 1), entered),
    'a hole': gathered(12, 30, rows, entered),
    'a wrong checksum': { ...good, checksum: 1 },
  }
  for (const [what, message] of Object.entries(bad)) {
    expect([what, follower([opening, message], 10).problems]).not.toEqual([what, []])
  }
})

const trade = (id: string) => ({ type: 'trade', market: MARKET, trade_id: id, event_us: 1 })
const trueTrade = (id: string, atUs: number) => ({ id, ticker: MARKET, block: false, atUs })
const nowUs = () => Math.round((performance.timeOrigin + performance.now()) * 1000)
const LATER_US = 10_000_000

test('each true trade comes once, or lies in a gap that was told', () => {
  const trades = [trueTrade('a', nowUs() + LATER_US), trueTrade('b', nowUs() + LATER_US)]
  const hole = { type: 'gap', channel: 'trade', from_us: nowUs(), to_us: null }
  const judge = (messages: object[]) => {
    const { trades: tale, problems } = follower(messages)
    return [...problems, ...tale.problems(trades, () => true)]
  }
  expect(judge([trade('a'), trade('b')])).toEqual([])
  expect(judge([trade('a'), hole])).toEqual([])
  expect(judge([trade('a'), { ...hole, market: MARKET }])).toEqual([])
  expect(judge([trade('a')])).not.toEqual([])
  expect(judge([trade('a'), trade('b'), trade('b')])).not.toEqual([])
  expect(judge([trade('a'), { ...hole, market: OTHER }])).not.toEqual([])
  expect(judge([trade('a'), { ...hole, to_us: nowUs() }])).not.toEqual([])
})
