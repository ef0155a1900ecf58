import { afterEach, expect, test } from 'vitest'
import type { Micros } from '#core/instant'
import type { Ticker } from '#core/ticker'
import { trueTime } from '../../simulator/clock.ts'
import type { ExchangeOptions } from '../../simulator/options.ts'
import { must } from '../core/arbitraries.ts'
import { until } from '../until.ts'
import { allRead } from './all-read.ts'
import { type FeedRig, openFeed } from './feed-rig.ts'

const open: FeedRig[] = []
afterEach(() => Promise.all(open.splice(0).map((rig) => rig.stop())))

async function feed(options?: ExchangeOptions, overrides?: Record<string, string>) {
  const rig = await openFeed(options, overrides)
  open.push(rig)
  return rig
}

const first = (rig: FeedRig): Ticker => must(rig.markets[0])
const marketsIn = (gaps: readonly { market: Ticker }[]) => gaps.map(({ market }) => market).sort()
const books = (rig: FeedRig) => rig.feed.status().connections.slice(0, -1)
const lookout = (rig: FeedRig) => must(rig.feed.status().connections.at(-1))
/** The fault that struck last, µs. */
const struckAt = (rig: FeedRig) => must(rig.exchange.faults.at(-1)).atUs

async function goesOn(rig: FeedRig): Promise<void> {
  const before = rig.feed.status().frames
  await until('more frames', () => rig.feed.status().frames > before + 100)
}

test('markets are spread over the connections, and the exchange’s own channels have one of their own', async () => {
  const rig = await feed()
  expect(books(rig).map(({ owned }) => owned)).toEqual([4, 4, 4])
  expect(lookout(rig)).toMatchObject({ connection: 3, owned: 0 })
  await goesOn(rig)
  await rig.agree()
  expect(rig.gaps()).toEqual([])
})

test('one connection is enough', async () => {
  const rig = await feed({}, { CONNECTIONS: '1' })
  expect(books(rig).map(({ owned }) => owned)).toEqual([12])
  await rig.agree()
})

test('a cut makes the books of its connection stale, alone, from its last frame on', async () => {
  const rig = await feed()
  await goesOn(rig)
  const { connection, markets } = rig.lineOf(first(rig))
  rig.exchange.only(connection).cut()
  const atUs = struckAt(rig)
  const readUs = await allRead()
  await until('the gaps', () => rig.gaps().length > 0)
  await rig.agree()
  expect(marketsIn(rig.gaps())).toEqual([...markets].sort())
  for (const { gap } of rig.gaps('cut')) {
    // Frames that were on their way when the line was cut still came.
    expect(gap.from).toBeLessThan(readUs)
    expect(gap.from).toBeLessThan(gap.recv)
    expect(gap.recv).toBeGreaterThanOrEqual(atUs)
    expect(gap.recv - gap.from).toBeLessThan(1_000_000)
  }
  expect(books(rig).map(({ reconnects }) => reconnects)).toContain(0)
})

test('a frame that is missing makes the books of its connection stale, which answers for each again', async () => {
  const rig = await feed()
  const { connection, markets } = rig.lineOf(first(rig))
  rig.exchange.only(connection).dropNext(1)
  await until('the gaps', () => rig.gaps('sequence').length >= 4)
  await rig.agree()
  expect(marketsIn(rig.gaps())).toEqual([...markets].sort())
  expect(rig.feed.status().reconnects).toBe(0)
})

test('frames that change places, come late or come twice leave every book right', async () => {
  const rig = await feed()
  rig.exchange.reorderNext()
  await until('the gaps', () => rig.gaps('sequence').length >= 12)
  await rig.agree()
  rig.exchange.duplicateNext()
  rig.exchange.delayNext(50, undefined, 'delta')
  await goesOn(rig)
  await rig.agree()
})

test('a snapshot that comes behind later frames is a hole, and another is asked for', async () => {
  const rig = await feed()
  const { connection } = rig.lineOf(first(rig))
  rig.exchange.only(connection).delayNext(200, first(rig), 'snapshot')
  rig.exchange.only(connection).corruptNext('price', first(rig))
  await until('it is stale', () => rig.gaps('malformed').length === 1)
  await rig.agree()
})

test('hot markets move apart, without a gap, and each change is applied once', async () => {
  const rig = await feed(
    { markets: 30, rate: 3000, skew: 1.2 },
    { PLACEMENT_EVERY_MS: '300', CONNECTIONS: '2' },
  )
  const before = books(rig).map(({ owned }) => owned)
  await until('a market has moved', () => books(rig).some(({ owned }, i) => owned !== before[i]))
  await goesOn(rig)
  await rig.agree()
  expect(rig.gaps()).toEqual([])
  const moved = rig.records.filter(
    ({ record }) => record.kind === 'snapshot' && record.reason === 'exchange',
  )
  expect(moved.length).toBeGreaterThan(0)
  await until('nobody has a market twice', () => {
    const held = rig.exchange.connectionList().flatMap(({ markets }) => markets)
    return held.length === 30
  })
})

test.each([
  ['channelError', 'cut'],
  ['overflow', 'overflow'],
] as const)('%s ends a subscription: another one on the same connection', async (fault, cause) => {
  const rig = await feed()
  const { connection, markets } = rig.lineOf(first(rig))
  rig.exchange.only(connection)[fault]()
  await until('the gaps', () => rig.gaps(cause).length > 0)
  await rig.agree()
  expect(marketsIn(rig.gaps())).toEqual([...markets].sort())
  expect(rig.feed.status().reconnects).toBe(0)
  expect(rig.lineOf(first(rig)).connection).toBe(connection)
  expect(
    books(rig)
      .map(({ sid }) => sid)
      .sort(),
  ).toEqual([1, 1, 2])
})

/** Holds back what snapshots there are of the connection that has the first market, and loses a frame of it. */
function withhold(rig: FeedRig): number {
  const { connection } = rig.lineOf(first(rig))
  const line = rig.exchange.only(connection)
  for (let each = 0; each < 1000; each += 1) line.delayNext(60_000, undefined, 'snapshot')
  line.dropNext(1)
  return connection
}

test('when no snapshot comes the connection subscribes anew', async () => {
  const rig = await feed()
  const connection = withhold(rig)
  await until('another subscription', () => books(rig).some(({ sid }) => sid === 2))
  rig.exchange.only(connection).disarm()
  await rig.agree()
  expect(rig.feed.status().reconnects).toBe(0)
  expect(rig.lineOf(first(rig)).connection).toBe(connection)
})

test('when that does not help either, it connects anew', async () => {
  const rig = await feed()
  const connection = withhold(rig)
  await until('a new connection', () => rig.feed.status().reconnects === 1)
  await rig.agree()
  expect(rig.lineOf(first(rig)).connection).not.toBe(connection)
})

test('a market that is followed no more is recorded no more, and can be followed again', async () => {
  const rig = await feed()
  const market = first(rig)
  rig.feed.unfollow([market])
  await until('the exchange stops sending it', () =>
    rig.exchange.connectionList().every(({ markets }) => !markets.includes(market)),
  )
  const count = () => rig.records.filter((each) => each.market === market).length
  const before = count()
  await goesOn(rig)
  expect(count()).toBe(before)
  rig.open(market)
  rig.feed.follow([market])
  await until('it is known again', () => rig.known() === 12)
  await rig.agree()
})

test('a market that is created later is followed on the connection with the least', async () => {
  const rig = await feed({ markets: 13 }, { CONNECTIONS: '3' })
  const late = must(rig.markets[12])
  rig.feed.unfollow([late])
  rig.open(late)
  rig.feed.follow([late])
  await until('it is known', () => rig.known() === 13)
  expect(
    books(rig)
      .map(({ markets }) => markets)
      .sort(),
  ).toEqual([4, 4, 5])
})

test('held, nothing is read, and the loss has the cause that is given', async () => {
  const rig = await feed()
  rig.feed.hold('disk')
  expect(marketsIn(rig.gaps('disk'))).toEqual([...rig.markets].sort())
  expect(rig.feed.vouched()).toBeNull()
  await until('nobody is connected', () => rig.exchange.connections() === 0)
  rig.feed.release()
  await until('every book is known', () => rig.known() === 12)
  await rig.agree()
  expect(rig.gaps()).toHaveLength(12)
})

test('a hold that is asked for while a loss is being recorded has the last word', async () => {
  const rig = await feed()
  rig.onRecords = (records) => {
    if (records.some(({ record }) => record.kind === 'gap')) rig.feed.hold('overflow')
  }
  rig.exchange.only(rig.lineOf(first(rig)).connection).cut()
  await until('nobody is connected', () => rig.exchange.connections() === 0)
  expect(rig.feed.status().connections.map(({ state }) => state)).toEqual(Array(4).fill('held'))
  expect(rig.gaps('cut')).toHaveLength(4)
  expect(rig.gaps('overflow')).toHaveLength(8)
})

test.each([401, 429, 503, 'html', 'hang'] as const)(
  'a handshake that is answered with %s is tried again',
  async (how) => {
    const rig = await feed({}, how === 'hang' ? { HANDSHAKE_MS: '300' } : {})
    rig.exchange.refuseHandshakes(2, how)
    rig.exchange.cut()
    await until('every book is stale', () => rig.known() === 0)
    await until('every book is known', () => rig.known() === 12)
    await rig.agree()
    expect(rig.feed.status().reconnects).toBe(6)
  },
)

test('a connection that is refused again and again gives its markets to the others', async () => {
  const rig = await feed({}, { PLACEMENT_EVERY_MS: '100', HEALTHY_MS: '500', CONNECTIONS: '2' })
  rig.exchange.refuseHandshakes(1000)
  rig.exchange.only(rig.lineOf(first(rig)).connection).cut()
  await until('the other has them all', () => books(rig).some(({ owned }) => owned === 12))
  expect(rig.known()).toBe(12)
  await rig.agree()
})

test('an announced restart is maintenance', async () => {
  const rig = await feed()
  rig.exchange.life.maintenance(300)
  await until('the gaps', () => rig.gaps('maintenance').length === 12)
  await rig.agree()
})

test('a market that moved away from a connection whose silence was not noticed yet shares its gap', async () => {
  const rig = await feed(
    { markets: 30, rate: 3000, skew: 1.2 },
    { PLACEMENT_EVERY_MS: '700', CONNECTIONS: '2', SILENCE_MS: '2000' },
  )
  await until('some records', () => rig.records.length > 500)
  const weight = (held: readonly string[]) =>
    rig.records.filter(({ market }) => held.includes(market)).length
  const [busiest] = rig.exchange
    .connectionList()
    .sort((a, b) => weight(b.markets) - weight(a.markets))
  const { connection, markets } = must(busiest)
  // It stays the busiest: the other has nothing to do either.
  rig.exchange.pause()
  rig.exchange.only(connection).silence(60_000)
  const readUs = await allRead()
  await until('the gaps', () => rig.gaps('silence').length === markets.length)
  const moved = rig.records.filter(
    ({ record }) => record.kind === 'snapshot' && record.reason === 'exchange',
  )
  expect(moved.length).toBeGreaterThan(0)
  expect(marketsIn(rig.gaps())).toEqual([...markets].sort())
  for (const { gap } of rig.gaps()) expect(gap.from).toBeLessThanOrEqual(readUs)
  await rig.agree()
})

test('silence of one connection is noticed there, and is a gap from its last frame', async () => {
  // Longer than this process itself may stand still.
  const rig = await feed({}, { SILENCE_MS: '1500' })
  const { connection, markets } = rig.lineOf(first(rig))
  rig.exchange.only(connection).silence(60_000)
  const readUs = await allRead()
  const theirs = rig.records.filter(({ market }) => markets.includes(market))
  const lastUs = Math.max(...theirs.map(({ record }) => record.recv))
  await until('the gaps', () => rig.gaps('silence').length > 0)
  await rig.agree()
  expect(marketsIn(rig.gaps())).toEqual([...markets].sort())
  for (const { gap } of rig.gaps()) {
    expect(gap.from).toBeLessThanOrEqual(readUs)
    expect(gap.from).toBeGreaterThanOrEqual(lastUs)
  }
})

test('a connection on which nothing answers our pings is cut; one whose frames still come is not', async () => {
  const rig = await feed({}, { SILENCE_MS: '60000', PING_EVERY_MS: '100', PONG_MS: '400' })
  const { connection } = rig.lineOf(first(rig))
  rig.exchange.only(connection).mute(60_000)
  await goesOn(rig)
  await goesOn(rig)
  expect(rig.gaps()).toEqual([])
  rig.exchange.only(connection).silence(60_000, { pings: false })
  await until('the gaps', () => rig.gaps('cut').length === 4)
  await rig.agree()
})

test('commands that come too fast are sent more slowly', async () => {
  const commands = { perSecond: 3, capacity: 1 }
  const rig = await feed({ limits: { commands } }, { COMMAND_MARKETS: '1', PROBE_MS: '2000' })
  await rig.agree()
  expect(rig.feed.status().reconnects).toBe(0)
})

test('what one connection may not hold goes to another, and what none may waits for room', async () => {
  const rig = await openFeedPartly({ limits: { marketsPerSubscription: 5 } }, 10)
  expect(books(rig).map(({ owned }) => owned)).toEqual([5, 5])
  const waiting = rig.markets.filter((market) => !rig.logs.get(market)?.known)
  expect(waiting).toHaveLength(2)
  const settled = rig.markets.filter((market) => rig.logs.get(market)?.known).slice(0, 2)
  rig.feed.unfollow(settled)
  await until('they have room', () => waiting.every((market) => rig.logs.get(market)?.known))
  expect(rig.gaps()).toEqual([])
})

/** Two connections, of which not all books will be known. */
async function openFeedPartly(options: ExchangeOptions, known: number) {
  const overrides = { CONNECTIONS: '2', PLACEMENT_EVERY_MS: '200' }
  const rig = await openFeed(options, overrides, known)
  open.push(rig)
  return rig
}

test('a book that was found wrong elsewhere comes anew from its owner', async () => {
  const rig = await feed()
  const market = first(rig)
  const log = must(rig.logs.get(market))
  const now = Math.max(must(rig.feed.vouched()), must(log.vouched)) as Micros
  const record = must(log.gap('mismatch', now, now))
  rig.take([{ market, record }])
  rig.feed.resync([market])
  await until('it is known', () => log.known)
  await rig.agree()
})

test('each connection proves its life; one that brings no book holds none back', async () => {
  const rig = await feed({}, { CONNECTIONS: '4', PROBE_MS: '50' })
  const numbers = () => rig.feed.alive().map(({ connection }) => connection)
  expect(numbers()).toEqual([0, 1, 2, 3])
  rig.exchange.pause()
  const beganUs = Date.now() * 1000
  await until('all have lived since', () => rig.feed.alive().every(({ us }) => us > beganUs))
  expect(must(rig.feed.vouched())).toBeGreaterThan(beganUs)
  rig.feed.stop()
  expect(rig.feed.vouched()).toBeNull()
})

test('trades, quotes and life events come from the whole exchange', async () => {
  const rig = await feed()
  await until('trades and quotes', () =>
    ['trade', 'ticker'].every((kind) => rig.frames.some((frame) => frame.kind === kind)),
  )
  rig.exchange.life.pause(first(rig))
  await until('the life event', () =>
    rig.frames.some((frame) => frame.kind === 'market_lifecycle' && frame.market === first(rig)),
  )
})

const turnsOf = (rig: FeedRig, channel: string) =>
  rig.turns.filter((turn) => turn.channel === channel).map(({ state }) => state.kind)

test('when the lookout is cut its channels are lost from their last frames, and resumed; no book suffers', async () => {
  const rig = await feed()
  await until('trades', () => rig.frames.some(({ kind }) => kind === 'trade'))
  const theirs = rig.exchange.connectionList().filter(({ markets }) => markets.length === 0)
  rig.exchange.pause()
  const readUs = await allRead()
  await until('it is later than their last frames', () => trueTime() > readUs)
  rig.exchange.only(must(theirs[0]).connection).cut()
  await until('all resumed', () => rig.turns.length === 9)
  for (const channel of ['trade', 'ticker', 'market_lifecycle_v2']) {
    expect(turnsOf(rig, channel)).toEqual(['resumed', 'lost', 'resumed'])
  }
  const lost = rig.turns.flatMap(({ state }) => (state.kind === 'lost' ? [state.from] : []))
  for (const from of lost) expect(from).toBeLessThanOrEqual(readUs)
  expect(rig.gaps()).toEqual([])
})

test('a missing trade is a hole of that channel alone', async () => {
  const rig = await feed()
  rig.exchange.dropNextOf('trade', 1)
  await until('the hole', () => turnsOf(rig, 'trade').length === 3)
  expect(turnsOf(rig, 'trade')).toEqual(['resumed', 'lost', 'resumed'])
  expect(turnsOf(rig, 'ticker')).toEqual(['resumed'])
  expect(rig.gaps()).toEqual([])
})

test('a quiet exchange keeps its connections: questions are answered', async () => {
  const rig = await feed({ rate: 50 }, { SILENCE_MS: '1500', PROBE_MS: '50' })
  rig.exchange.pause()
  const before = lookout(rig).frames
  await until('many answers', () => lookout(rig).frames > before + 60)
  expect(rig.feed.status().reconnects).toBe(0)
  expect(rig.gaps()).toEqual([])
})

test('frames that cannot be read are set aside with their market, and those of types unknown', async () => {
  const rig = await feed()
  rig.exchange.corruptNext('legacy', first(rig))
  await until('it is set aside', () => rig.asides.length === 1)
  expect(rig.asides).toEqual([{ kind: 'malformed', market: first(rig) }])
  await rig.agree()
  expect(rig.gaps()).toMatchObject([{ market: first(rig), gap: { cause: 'malformed' } }])
})
