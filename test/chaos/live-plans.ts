import type { Random } from '../../simulator/random.ts'
import type { LivePlan } from './live-client.ts'

const ALL = ['book', 'trade', 'status', 'bbo']
const BOOK = ['book']
const PATH = '/v1/stream'
/** What a client of a single market's stream is called. */
const ALONE = 'alone'

type Kind = {
  readonly name: string
  readonly channels?: readonly string[]
  readonly depth?: 1 | 5 | 10 | 25 | 50
  readonly conflateMs?: number
  /** The subscription's own words, and which markets they mean. */
  readonly of: (
    tickers: readonly string[],
    random: Random,
  ) => { readonly words: object; readonly markets: readonly string[] }
}

/** What clients of `/v1/stream` follow, each kind in turn. */
const KINDS: readonly Kind[] = [
  { name: 'markets', of: (all, random) => named(some(all, 8, random)) },
  { name: 'event, all channels', channels: ALL, of: anEvent },
  { name: 'series', of: aSeries },
  { name: 'depth 10', depth: 10, of: (all, random) => named(some(all, 10, random)) },
  { name: 'conflated', conflateMs: 250, of: (all, random) => named(some(all, 10, random)) },
  { name: 'depth 5, conflated', depth: 5, conflateMs: 100, channels: ALL, of: anEvent },
  { name: 'trades', channels: ['trade', 'bbo'], of: aSeries },
  { name: 'depth 1', depth: 1, of: anEvent },
  { name: 'depth 25, conflated', depth: 25, conflateMs: 1000, of: aSeries },
  {
    name: 'all, all channels',
    channels: ALL,
    of: (all) => ({ words: { all: true }, markets: all }),
  },
]

/**
 * What each of so many clients follows: two in three over the Gateway, of every kind, the rest one market each.
 * @param tickers every market of the exchange
 * @param only a part of the names of the kinds that are wanted
 */
export function livePlans(
  count: number,
  tickers: readonly string[],
  random: Random,
  only = '',
): LivePlan[] {
  const kinds = KINDS.filter(({ name }) => name.includes(only))
  const alone = ALONE.includes(only)
  return Array.from({ length: count }, (_, i) => {
    const reference = i % 2 === 1
    const nth = Math.floor(i / 3)
    const kind = kinds[(nth * 2 + (i % 3)) % kinds.length]
    if (kind === undefined || (alone && i % 3 === 2))
      return single(i, random.pick(tickers), reference)
    const { words, markets } = kind.of(tickers, random)
    const followed = new Set(markets)
    const depth = kind.depth ?? null
    return {
      name: `${i}: ${kind.name}`,
      path: PATH,
      markets,
      channels: kind.channels ?? BOOK,
      subscriptions: [{ ...words, depth, conflateMs: kind.conflateMs ?? 0 }],
      reference,
      depth: () => depth,
      gathers: depth !== null || kind.conflateMs !== undefined,
      follows: (market) => followed.has(market),
    }
  })
}

function single(nth: number, ticker: string, reference: boolean): LivePlan {
  return {
    name: `${nth}: ${ALONE} ${ticker}`,
    path: `/v1/markets/${encodeURIComponent(ticker)}/stream`,
    markets: [ticker],
    channels: nth % 2 === 0 ? ALL : BOOK,
    subscriptions: [{}],
    reference,
    depth: () => null,
    gathers: false,
    follows: (market) => market === ticker,
  }
}

function named(markets: readonly string[]) {
  return { words: { markets }, markets }
}

function some(tickers: readonly string[], count: number, random: Random): string[] {
  return [...new Set(Array.from({ length: count }, () => random.pick(tickers)))]
}

function anEvent(tickers: readonly string[], random: Random) {
  const [series = '', event = ''] = random.pick(tickers).split('-')
  const name = `${series}-${event}`
  const markets = tickers.filter((each) => each.startsWith(`${name}-`))
  return { words: { events: [name] }, markets }
}

function aSeries(tickers: readonly string[], random: Random) {
  const [series = ''] = random.pick(tickers).split('-')
  return {
    words: { series: [series] },
    markets: tickers.filter((each) => each.startsWith(`${series}-`)),
  }
}
