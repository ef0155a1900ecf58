import { callApi } from '../call-api.ts'
import { csrfWord } from '../page-key.ts'
import type { Suggest, Suggestion } from './combobox.ts'

/** What of a market its search tells. */
type FoundMarket = {
  readonly ticker: string
  readonly event: string
  readonly series: string
  readonly title: string
}

const MOST = 8
/** Who types on is not asked for (ms). */
const PAUSE_MS = 300
/** A search of fewer letters finds everything. */
const LETTERS = 2

const found = new Map<string, Promise<readonly FoundMarket[]>>()
let typing = 0

/**
 * Suggests tickers: markets of the showcase to visitors and while nothing is typed, else what a search of all markets finds,
 * which costs a credit for each text.
 * @param showcase tickers of markets
 */
export function suggestTickers(
  kind: 'ticker' | 'event' | 'series',
  showcase: readonly string[],
): Suggest {
  return async (typed) => {
    const shown = kind === 'ticker' ? matching(showcase, typed) : []
    if (csrfWord() === null || typed.length < LETTERS) return shown.map(untitled)
    typing += 1
    const mine = typing
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
    if (mine !== typing) return []
    const markets = await search(typed)
    const titled = markets.map((market) => ({ value: market[kind], title: market.title }))
    const once = new Map(titled.map((each) => [each.value, each]))
    return once.size === 0 ? shown.map(untitled) : [...once.values()].slice(0, MOST)
  }
}

function matching(tickers: readonly string[], typed: string): readonly string[] {
  // A whole ticker was chosen: who comes back to it wants another.
  if (tickers.includes(typed)) return tickers
  return tickers.filter((ticker) => ticker.toLowerCase().includes(typed.toLowerCase()))
}

function untitled(value: string): Suggestion {
  return { value, title: '' }
}

function search(typed: string): Promise<readonly FoundMarket[]> {
  const known = found.get(typed)
  if (known !== undefined) return known
  const asked = callApi(`/v1/markets?limit=20&q=${encodeURIComponent(typed)}`).then((answer) => {
    if (answer.error === null) {
      return (JSON.parse(answer.text) as { readonly data: readonly FoundMarket[] }).data
    }
    found.delete(typed)
    return []
  })
  found.set(typed, asked)
  return asked
}
