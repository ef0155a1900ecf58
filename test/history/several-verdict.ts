import { isDeepStrictEqual } from 'node:util'
import { instantOf } from './ask-instants.ts'
import type { Dice } from './dice.ts'
import type { HistoryApi } from './history-api.ts'
import type { MadeHistory } from './made-history.ts'
import type { MadeMarket } from './made-market.ts'
import { type Expected, expectedOf } from './plain-truth.ts'
import { dollars, instant } from './plain-wire.ts'
import { scaled } from './stream-follower.ts'
import { type Difference, includes, kindOf, tells, type Verdict } from './verdict.ts'

/** Several markets at one instant: by their tickers, or all of an event. */
type Group = {
  readonly markets: readonly MadeMarket[]
  readonly event: string | null
  readonly at: number
}

/** Random groups of markets, at instants at which one of them has something to hide. */
export function groupsAt(dice: Dice, made: MadeHistory, many: number): Group[] {
  return Array.from({ length: many }, () => {
    const first = dice.pick(made.markets)
    const at = instantOf(dice, made, first)
    const event = dice.chance(0.3) ? first.event : null
    const others = made.markets.filter((each) =>
      event === null ? each !== first && dice.chance(0.3) : each !== first && each.event === event,
    )
    const markets = [first, ...others]
    if (event === null) return { markets, event, at }
    return { markets: markets.toSorted((a, b) => (a.ticker < b.ticker ? -1 : 1)), event, at }
  })
}

/** Asks for the books of several markets at once and holds each against the plain fold, and an event's sums. */
export async function judgeSeveral(
  api: HistoryApi,
  groups: readonly Group[],
  through: number,
): Promise<Verdict> {
  const kinds: Record<string, number> = {}
  const differences: Difference[] = []
  await api.each(groups, async ({ markets, event, at }) => {
    const tickers = markets.map(({ ticker }) => ticker).join(',')
    const asked =
      event === null
        ? `/v1/orderbooks?tickers=${tickers}&at=${at}`
        : `/v1/events/${event}/orderbook?at=${at}`
    const question = { at, view: 'yes', depth: null } as const
    const expected = markets.map((market) => expectedOf(market, through, question))
    const { status, body } = await api.get(asked)
    for (const each of expected) kinds[kindOf(each)] = (kinds[kindOf(each)] ?? 0) + 1
    const { data } = body as { data?: unknown }
    const right =
      event === null
        ? status === 200 && areAll(markets, expected, data)
        : isEvent({ markets, event, at }, expected, status, data)
    if (!right) differences.push({ asked, expected, answered: body })
  })
  return { kinds, differences }
}

function areAll(markets: readonly MadeMarket[], expected: readonly Expected[], told: unknown) {
  const books = Array.isArray(told) ? (told as object[]) : []
  return (
    books.length === markets.length &&
    expected.every((each, i) => {
      const book = books[i] ?? {}
      if (each.kind !== 'refused') return tells(each, book)
      const { ticker, error } = book as { ticker?: string; error?: object }
      const { param: _, ...refusal } = each.error as { param?: string }
      return ticker === markets[i]?.ticker && includes(error, refusal)
    })
  )
}

function isEvent(
  { markets, event, at }: Group,
  expected: readonly Expected[],
  status: number,
  told: unknown,
): boolean {
  if (expected.some((each) => each.kind === 'refused' && each.status === 503)) return status === 503
  const { books, ...rest } = (told ?? {}) as { books?: unknown }
  const sums = { best_bids_sum: sumOf(expected, 'bids'), best_asks_sum: sumOf(expected, 'asks') }
  const heading = { event, at_ts: instant(at), view: 'yes', ...sums }
  return status === 200 && isDeepStrictEqual(rest, heading) && areAll(markets, expected, books)
}

function sumOf(expected: readonly Expected[], side: 'bids' | 'asks'): string | null {
  const best = expected.map((each) => {
    const ladder = each.kind === 'book' ? each.data[side] : undefined
    const [price] = (Array.isArray(ladder) ? (ladder as [string, string][])[0] : undefined) ?? []
    return price === undefined ? null : scaled(price, 6)
  })
  const known = best.filter((price) => price !== null)
  return known.length < best.length ? null : dollars(known.reduce((sum, each) => sum + each, 0))
}
