import { z } from 'zod'
import { MARKET_STATUSES } from '#core/market-status'
import { parseTicker } from '#core/ticker'

const MOST_TYPED = 200
const ticker = z.string().refine((text) => parseTicker(text) !== null)

/** What of the list of markets is asked for: as typed, and what of it can be understood. */
export type MarketQuery = {
  readonly q: string
  readonly status: string
  readonly series: string
  readonly event: string
  /** Whether only markets that visitors may see are asked for. */
  readonly shown: boolean
  /** Where the page begins: after this market. */
  readonly after: { readonly rank: number; readonly ticker: string } | null
}

const asked = z.object({
  q: z
    .string()
    .trim()
    .max(MOST_TYPED)
    .regex(/^\P{Cc}*$/u)
    .catch(''),
  status: z.enum(MARKET_STATUSES).or(z.literal('')).catch(''),
  series: ticker.catch(''),
  event: ticker.catch(''),
  shown: z
    .literal('1')
    .transform(() => true)
    .catch(false),
  after: z.string().transform(placeOf).catch(null),
})

/** Reads the query of the list of markets; what cannot be understood is as if it were not given. */
export function readMarketQuery(query: Readonly<Record<string, string>>): MarketQuery {
  return asked.parse(query)
}

/** The address of the list with these words. */
export function listAddress(query: MarketQuery, after: MarketQuery['after']): string {
  const { q, status, series, event } = query
  const words = Object.entries({ q, status, series, event }).filter(([, value]) => value !== '')
  const place = after === null ? [] : [['after', `${after.rank}.${after.ticker}`]]
  const search = new URLSearchParams([...words, ...place])
  return search.size === 0 ? '/markets' : `/markets?${search}`
}

/** `rank.TICKER` of the last market of a page. */
function placeOf(text: string): MarketQuery['after'] {
  const [, rank = '', name = ''] = /^(\d{1,9})\.(.+)$/.exec(text) ?? []
  const last = parseTicker(name)
  return last === null ? null : { rank: Number(rank), ticker: last }
}
