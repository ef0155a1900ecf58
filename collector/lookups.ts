import type { Micros } from '#core/instant'
import type { Clock } from './clock.ts'
import { KalshiRestError } from './kalshi-http.ts'
import { type KalshiRest, TICKERS_AT_ONCE } from './kalshi-rest.ts'
import { logEvent } from './log-event.ts'

export const LOOKUP_KINDS = ['series', 'event', 'market'] as const
export type LookupKind = (typeof LOOKUP_KINDS)[number]

export type LookupsOptions = {
  readonly rest: KalshiRest
  readonly clock: Clock
  /** Objects that the exchange gave, and when they were asked for. */
  readonly found: (kind: LookupKind, objects: readonly unknown[], asked: Micros) => Promise<void>
}

type Want = { dueMs: number; tries: number }

/** Those who come within so long of each other are asked for together. */
const GATHER_MS = 50
/** What the exchange does not know (yet) is asked for again, ever later, so many times. */
const AGAIN_MS = 250
const LONGEST_MS = 60_000
const TRIES = 10
/** What comes when so many wait is left to the next look over everything. */
const BOUND = 50_000

/** Asks the exchange for single markets, events and series, many at a time, until it gives them. */
export class Lookups {
  readonly #options: LookupsOptions
  readonly #wanted: Record<LookupKind, Map<string, Want>> = {
    series: new Map(),
    event: new Map(),
    market: new Map(),
  }
  #timer: NodeJS.Timeout | null = null
  #timerMs = Number.POSITIVE_INFINITY
  #asking = false
  #stopped = false

  constructor(options: LookupsOptions) {
    this.#options = options
  }

  /** How many are wanted. */
  get depth(): number {
    return LOOKUP_KINDS.reduce((sum, kind) => sum + this.#wanted[kind].size, 0)
  }

  /** Asks for one, not before so many ms from now. */
  want(kind: LookupKind, ticker: string, afterMs = 0): void {
    const dueMs = Date.now() + Math.max(afterMs, GATHER_MS)
    const wanted = this.#wanted[kind]
    const known = wanted.get(ticker)
    if (known !== undefined) {
      // Asked for before and again: the later moment sees more.
      wanted.set(ticker, { dueMs: Math.max(dueMs, known.dueMs), tries: 0 })
    } else if (wanted.size < BOUND) wanted.set(ticker, { dueMs, tries: 0 })
    this.#wake(dueMs)
  }

  /** It was seen elsewhere. */
  seen(kind: LookupKind, ticker: string, asked: Micros): void {
    const want = this.#wanted[kind].get(ticker)
    if (want !== undefined && want.dueMs <= asked / 1000) this.#wanted[kind].delete(ticker)
  }

  stop(): void {
    this.#stopped = true
    if (this.#timer !== null) clearTimeout(this.#timer)
  }

  #wake(dueMs: number): void {
    if (this.#stopped || this.#asking || dueMs >= this.#timerMs) return
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timerMs = dueMs
    this.#timer = setTimeout(
      () =>
        this.#ask().catch((error: unknown) => {
          if (!this.#stopped) throw error
        }),
      Math.max(0, dueMs - Date.now()),
    )
  }

  async #ask(): Promise<void> {
    this.#asking = true
    this.#timerMs = Number.POSITIVE_INFINITY
    for (const kind of LOOKUP_KINDS) {
      for (let due = this.#due(kind); due.length > 0 && !this.#stopped; due = this.#due(kind)) {
        await this.#askFor(kind, due)
      }
    }
    this.#asking = false
    const next = LOOKUP_KINDS.flatMap((kind) => [...this.#wanted[kind].values()])
    if (next.length > 0) this.#wake(next.reduce((least, { dueMs }) => Math.min(least, dueMs), 1e15))
  }

  #due(kind: LookupKind): string[] {
    const now = Date.now()
    const due: string[] = []
    for (const [ticker, { dueMs }] of this.#wanted[kind]) {
      if (dueMs <= now && due.push(ticker) === TICKERS_AT_ONCE) break
    }
    return due
  }

  async #askFor(kind: LookupKind, tickers: readonly string[]): Promise<void> {
    const { rest, clock, found } = this.#options
    const wanted = this.#wanted[kind]
    const asked = clock()
    let given: ReadonlyMap<string, unknown>
    try {
      given = await answersOf(rest, kind, tickers)
    } catch (error) {
      if (!(error instanceof KalshiRestError)) throw error
      if (!this.#stopped) logEvent('lookup_failed', { kind, reason: error.message })
      for (const ticker of tickers) this.#later(kind, ticker)
      return
    }
    for (const ticker of tickers) {
      if (!given.has(ticker)) this.#later(kind, ticker)
      // One that was wanted anew while we asked stays.
      else if ((wanted.get(ticker)?.dueMs ?? 0) <= asked / 1000) wanted.delete(ticker)
    }
    if (given.size > 0 && !this.#stopped) await found(kind, [...given.values()], asked)
  }

  #later(kind: LookupKind, ticker: string): void {
    const want = this.#wanted[kind].get(ticker)
    if (want === undefined) return
    want.tries += 1
    const waitMs = Math.min(LONGEST_MS, AGAIN_MS * 2 ** (want.tries - 1))
    want.dueMs = Date.now() + waitMs * (0.75 + Math.random() / 2)
    if (want.tries < TRIES) return
    logEvent('lookup_given_up', { kind, ticker })
    this.#wanted[kind].delete(ticker)
  }
}

/** What the exchange gives for these tickers, by ticker; what it does not know is absent. */
async function answersOf(
  rest: KalshiRest,
  kind: LookupKind,
  tickers: readonly string[],
): Promise<ReadonlyMap<string, unknown>> {
  const given = new Map<string, unknown>()
  const keep = (object: unknown, name: string) => {
    const ticker = object instanceof Object ? Reflect.get(object, name) : null
    if (typeof ticker === 'string') given.set(ticker, object)
  }
  if (kind === 'series') {
    for (const ticker of tickers) keep(await rest.seriesOne(ticker, 'life'), 'ticker')
    return given
  }
  const pages =
    kind === 'market' ? rest.markets({ tickers }, 'life') : rest.events({ tickers }, 'life')
  const name = kind === 'market' ? 'ticker' : 'event_ticker'
  for await (const page of pages) for (const object of page) keep(object, name)
  return given
}
