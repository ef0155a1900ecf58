import { env } from 'cloudflare:workers'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { gapOf, snapshotOf, TestCollector } from './collector.ts'
import { forget, setUnsent } from './gateway-object.ts'
import { GatewayStreams } from './gateway-streams.ts'
import type { TestSocket } from './socket.ts'
import { setLease, storeMarket } from './store.ts'

const streams = new GatewayStreams()
const STEPS = 150
const STYLES = [
  {},
  { depth: 1 },
  { depth: 10, conflate_ms: 5 },
  { conflate_ms: 20 },
  { conflate_ms: 20, channels: ['book', 'trade', 'bbo'] },
  { channels: ['status', 'bbo'] },
]
let epoch = 20_000
let markets: string[]
let collector: TestCollector

beforeEach(async () => {
  epoch += 10
  markets = [1, 2, 3].map((n) => `RANDOM${epoch}-26NOV22-T${n}`)
  for (const ticker of markets) await storeMarket(ticker)
  await setLease(epoch)
  collector = new TestCollector(epoch)
  for (const ticker of markets) collector.known(ticker)
  await collector.connect()
})

afterEach(() => {
  collector.fallSilent()
  streams.end()
})

/** Numbers below `most`, the same ones for the same seed. https://en.wikipedia.org/wiki/Linear_congruential_generator */
function random(seed: number): (most: number) => number {
  let state = seed
  return (most) => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648
    return Math.floor((state / 2_147_483_648) * most)
  }
}

/** A log's next turn: records, a gap and the snapshot after it, or a book that the gateway must ask for. */
function turn(next: (most: number) => number): void {
  const market = markets[next(markets.length)] ?? ''
  const book = collector.books.get(market)
  if (book === undefined) throw new Error('no book')
  switch (next(12)) {
    case 0: {
      const gap = gapOf(book.seq + 1, book.seq)
      const size = `${next(50) + 1}.00`
      book.yes = [['0.4000', size]]
      book.seq += 2
      collector.send([{ m: market, records: [gap] }])
      collector.send([{ m: market, records: [snapshotOf(book.seq, size)] }])
      return
    }
    case 1:
      // Lost on its way: what follows shows it.
      collector.more(market, 2)
      collector.add(market)
      return
    default:
      collector.add(market, next(4) + 1)
  }
}

/** What a stream knows of a market: how far it was told, and the size of the one level. */
function known({ messages }: TestSocket, market: string) {
  let seq: unknown = null
  let size: unknown = null
  for (const message of messages) {
    if (message['market'] !== market || message['channel'] === 'trade') continue
    const { type } = message
    if (type === 'snapshot') size = (message['yes'] as string[][])[0]?.[1]
    if (type === 'deltas') for (const row of message['d'] as string[][]) size = row[3]
    if (type === 'snapshot' || type === 'gap') seq = message['seq']
    if (type === 'deltas') seq = (message['seq'] as number[])[1]
  }
  return { seq, size }
}

/** Opens a stream for one whose own was cut, with what it knows. */
async function comeBack(before: TestSocket | undefined, style: object): Promise<TestSocket> {
  const have: Record<string, number> = {}
  for (const market of markets) {
    const seq = before && known(before, market).seq
    if (typeof seq === 'number') have[market] = seq
  }
  const stream = await streams.open(env.TEST_KEYS.good, have)
  stream.send({ op: 'subscribe', markets, resume: have, ...style })
  return stream
}

test.each([2, 5])(
  'whatever comes and is asked for, each is told all in order, and has the book at last (%i)',
  async (seed) => {
    const next = random(seed)
    const all = await Promise.all([0, 1, 2, 3].map(() => streams.open()))
    let slow = false
    for (let step = 0; step < STEPS; step++) {
      const at = next(all.length)
      const stream = all[at]
      const style = STYLES[next(STYLES.length)]
      const market = markets[next(markets.length)]
      const kind = next(20)
      if (kind === 0 && stream?.isOpen)
        stream.send({ op: 'subscribe', markets: [market], ...style })
      else if (kind === 1 && stream?.isOpen) stream.send({ op: 'subscribe', markets, ...style })
      else if (kind === 2 && stream?.isOpen) stream.send({ op: 'unsubscribe', sub: next(4) + 1 })
      else if (kind === 3 && stream?.isOpen) stream.send({ op: 'resync', market })
      else if (kind === 4) {
        slow = !slow
        await setUnsent(slow ? 300 * 1024 : 0)
      } else if (kind === 5 && next(4) === 0) await forget()
      else if (kind === 6 || !stream?.isOpen) {
        stream?.close()
        all[at] = await comeBack(all[at], STYLES[next(2) * 3] ?? {})
      } else turn(next)
      if (next(3) === 0) await new Promise((resolve) => setTimeout(resolve, next(10)))
    }
    await setUnsent(0)
    const open = all.filter((stream) => stream.isOpen)
    expect(open).not.toEqual([])
    for (const stream of open) stream.send({ op: 'subscribe', markets })
    for (const stream of open) {
      await expect
        .poll(() => stream.messages.filter(({ type }) => type === 'subscribed').length)
        .toBeGreaterThan(0)
    }
    for (const market of markets) collector.add(market)
    for (const stream of open) {
      for (const market of markets) {
        const book = collector.books.get(market)
        const last = { seq: book?.seq, size: book?.yes[0]?.[1] }
        await expect.poll(() => known(stream, market)).toEqual(last)
      }
    }
  },
)
