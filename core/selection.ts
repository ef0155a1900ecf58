import type { Ticker } from './ticker.ts'

/** Which markets' books are recorded. */
export type Selection =
  | { readonly kind: 'all' }
  /** A market is selected when one of them fits its series', its event's or its own ticker. */
  | { readonly kind: 'globs'; readonly globs: readonly RegExp[] }
  /** The so many with the greatest volume of the last 24 hours. */
  | { readonly kind: 'top'; readonly count: number }

/** What a selection looks at. */
export type Selectable = {
  readonly ticker: Ticker
  readonly event: string
  /** Null while it is not known. */
  readonly series: string | null
}
/** A market that may be among the top, with its volume of the last 24 hours in hundredths of a contract. */
export type Ranked = { readonly ticker: Ticker; readonly volume: number }

const GLOB = /^[A-Za-z0-9._*-]+$/
const TOP = /^top:(\d{1,7})$/

/**
 * Reads `all`, `top:N`, or a comma list of tickers and globs (`KXBTC*,KXMLBGAME-*`, `*` for any run of characters).
 * @returns the selection, or what is wrong with the text
 */
export function parseSelection(
  text: string,
): { readonly ok: true; readonly selection: Selection } | { readonly ok: false; problem: string } {
  if (text.trim() === 'all') return { ok: true, selection: { kind: 'all' } }
  const top = TOP.exec(text.trim())
  if (top !== null) {
    const count = Number(top[1])
    if (count === 0) return { ok: false, problem: 'top:N must name at least one market' }
    return { ok: true, selection: { kind: 'top', count } }
  }
  const words = text.split(',').map((word) => word.trim())
  const wrong = words.find((word) => !GLOB.test(word))
  if (wrong !== undefined) {
    return {
      ok: false,
      problem: 'must be all, top:N, or a comma list of tickers in which * is any',
    }
  }
  return { ok: true, selection: { kind: 'globs', globs: words.map(globOf) } }
}

function globOf(word: string): RegExp {
  const pattern = word.split(/\*+/).map((part) => part.replaceAll('.', '\\.'))
  return new RegExp(`^${pattern.join('.*')}$`)
}

/** Whether a market is selected by what it is; a `top` selection does not say so of one market alone, so null. */
export function selects(selection: Selection, market: Selectable): boolean | null {
  switch (selection.kind) {
    case 'all':
      return true
    case 'globs':
      return selection.globs.some(
        (glob) =>
          glob.test(market.ticker) ||
          glob.test(market.event) ||
          (market.series !== null && glob.test(market.series)),
      )
    case 'top':
      return null
  }
}

/** Of the places about the last, one in so many: within them a market that is held stays, and another does not enter. */
const BAND = 5

/**
 * The markets of a `top` selection. Who stands well inside is taken and who stands well outside is left; about the
 * last place those that are held already stay, so that markets of like volume do not come and go.
 */
export function topOf(
  count: number,
  markets: readonly Ranked[],
  held: ReadonlySet<Ticker>,
): ReadonlySet<Ticker> {
  const ranked = [...markets].sort((a, b) => b.volume - a.volume || (a.ticker < b.ticker ? -1 : 1))
  const band = Math.floor(count / BAND)
  const chosen = new Set(ranked.slice(0, count - band).map(({ ticker }) => ticker))
  const about = ranked.slice(count - band, count + band)
  const stay = about.filter(({ ticker }) => held.has(ticker))
  for (const { ticker } of [...stay, ...about]) {
    if (chosen.size >= count) break
    chosen.add(ticker)
  }
  return chosen
}
