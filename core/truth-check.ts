import type { Micros } from './instant.ts'
import type { Ticker } from './ticker.ts'

/** A book as far as a check needs it: its full checksum, null while it is not known. */
export type SeenBook = number | null

/** What a check says of one market. */
export type Verdict =
  /** The answer is a book that we had; `at` is when it first was, so that what went wrong later did so after that. */
  | { readonly kind: 'same'; readonly at: Micros }
  | { readonly kind: 'different' }
  /** The book was not known all the time, or nothing was answered for it. */
  | { readonly kind: 'unjudged' }

type Seen = { readonly at: Micros; readonly book: SeenBook }

/**
 * One look at some books over REST. The answer may be older or newer than what the socket told, so it is held against
 * every state that our book went through from some seconds before the request to some seconds after it.
 */
export class TruthCheck {
  readonly #seen = new Map<Ticker, Seen[]>()

  /** @param books the books as they are when the check begins */
  constructor(books: Iterable<readonly [Ticker, SeenBook]>, now: Micros) {
    for (const [market, book] of books) this.#seen.set(market, [{ at: now, book }])
  }

  watches(market: Ticker): boolean {
    return this.#seen.has(market)
  }

  /** The book of a market that is looked at has changed. */
  changed(market: Ticker, book: SeenBook, now: Micros): void {
    this.#seen.get(market)?.push({ at: now, book })
  }

  /** Judges the answer for one market; null when there was none. */
  judge(market: Ticker, answered: SeenBook): Verdict {
    const seen = this.#seen.get(market)
    if (seen === undefined || answered === null) return { kind: 'unjudged' }
    const found = seen.find(({ book }) => book === answered)
    if (found !== undefined) return { kind: 'same', at: found.at }
    return seen.some(({ book }) => book === null) ? { kind: 'unjudged' } : { kind: 'different' }
  }
}

/** Chooses which books to look at, each in its turn, and those that differed once before all others. */
export class TruthSample {
  readonly #suspects = new Set<Ticker>()
  #last: Ticker | null = null

  /** The next sample, of at most `most` of these markets. */
  next(markets: readonly Ticker[], most: number): Ticker[] {
    const sorted = markets.toSorted()
    const last = this.#last
    const from = last === null ? 0 : sorted.findIndex((market) => market > last)
    const turn = from < 0 ? sorted : [...sorted.slice(from), ...sorted.slice(0, from)]
    const others = turn.filter((market) => !this.#suspects.has(market))
    const known = new Set(markets)
    // One that is not known comes back with another book, or never.
    for (const market of this.#suspects) if (!known.has(market)) this.#suspects.delete(market)
    const suspects = [...this.#suspects].slice(0, most)
    const chosen = others.slice(0, most - suspects.length)
    this.#last = chosen.at(-1) ?? this.#last
    return [...suspects, ...chosen]
  }

  /** Whether some books differed once and wait for their second look. */
  get suspicious(): boolean {
    return this.#suspects.size > 0
  }

  /** The book of a market begins anew: what was said of the one before counts no more. */
  forget(market: Ticker): void {
    this.#suspects.delete(market)
  }

  /** Takes a verdict; true when it is the second in a row that differs: the book is wrong. */
  told(market: Ticker, verdict: Verdict['kind']): boolean {
    if (verdict === 'unjudged') return false
    const wrong = verdict === 'different' && this.#suspects.has(market)
    if (verdict === 'different' && !wrong) this.#suspects.add(market)
    else this.#suspects.delete(market)
    return wrong
  }
}
