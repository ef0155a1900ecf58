import { scaled } from '../history/stream-follower.ts'
import type { LiveClient } from './live-client.ts'

type Ladder = readonly (readonly [string, string])[]
/** A true book as the exchange prints it. */
type TrueBook = { readonly yes: Ladder; readonly no: Ladder }
type Level = readonly [price: number, size: number]

const DOLLAR = 1_000_000

/** Where what a client holds at rest differs from the exchange's books, level by level. */
export function liveProblems(client: LiveClient, books: ReadonlyMap<string, TrueBook>): string[] {
  const { plan, follower } = client
  const problems: string[] = []
  for (const market of plan.markets) {
    const book = books.get(market) ?? { yes: [], no: [] }
    const truth = { yes: bestFirst(book.yes), no: bestFirst(book.no) }
    if (plan.channels.includes('book')) {
      const held = follower.market(market)
      const depth = plan.depth(market) ?? Number.POSITIVE_INFINITY
      for (const side of ['yes', 'no'] as const) {
        const has = [...(held?.book?.[side] ?? [])].sort(([a], [b]) => b - a)
        const want = truth[side].slice(0, depth)
        if (held?.book == null || has.join(' ') !== want.join(' ')) {
          const what = held === null ? 'nothing' : held.book === null ? 'unknown' : 'another book'
          problems.push(`${plan.name}: ${market} ${side} at ${held?.seq}: ${what}`)
        }
        const own = client.own?.(market)
        if (own !== undefined && own?.[side].join(' ') !== want.join(' ')) {
          problems.push(`${plan.name}: ${market} ${side}: the client holds another book`)
        }
      }
    }
    const bbo = follower.bbos.get(market)
    if (bbo === undefined) continue
    const [bid, no] = [truth.yes[0], truth.no[0]]
    const ask = no === undefined ? undefined : ([DOLLAR - no[0], no[1]] as const)
    if (
      level(bbo.bid) !== (bid?.join(' ') ?? null) ||
      level(bbo.ask) !== (ask?.join(' ') ?? null)
    ) {
      problems.push(`${plan.name}: ${market} bbo ${bbo.bid}, ${bbo.ask} is not ${bid}, ${ask}`)
    }
  }
  return problems
}

function bestFirst(ladder: Ladder): Level[] {
  return ladder
    .map(([price, size]) => [scaled(price, 6), scaled(size, 2)] as const)
    .sort(([a], [b]) => b - a)
}

function level(text: string | null): string | null {
  if (text === null) return null
  const [price = '', size = ''] = text.split(' ')
  return `${scaled(price, 6)} ${scaled(size, 2)}`
}
