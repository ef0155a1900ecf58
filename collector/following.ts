import type { MarketRecord } from '#core/ingest'
import type { Micros } from '#core/instant'
import type { MarketLifecycle } from '#core/kalshi/frames'
import type { Epoch } from '#core/log'
import type { MarketChange } from '#core/market-change'
import { type MarketState, nextTurn, phaseOf, planOf } from '#core/market-life'
import { MarketLog } from '#core/market-log'
import { hearMarket, type News, type SeenMarket, seeMarket, turnMarket } from '#core/market-news'
import { type Standing, standingOf } from '#core/market-standing'
import { type Selection, selects, topOf } from '#core/selection'
import type { Ticker } from '#core/ticker'
import type { Clock } from './clock.ts'

export type FollowingOptions = {
  readonly epoch: Epoch
  /** Logs that earlier epochs left open, to begin with; markets that are followed get theirs here. */
  readonly logs: Map<Ticker, MarketLog>
  readonly selection: Selection
  readonly clock: Clock
  /** How far REST may lag behind the stream, ms. */
  readonly lagMs: number
  /** How long after the word that it is paid a market's last snapshot may come, ms. */
  readonly graceMs: number
  /** How long a settled market's log is kept to be told from memory, ms. */
  readonly keepMs: number
  readonly follow: (markets: readonly Ticker[]) => void
  readonly unfollow: (markets: readonly Ticker[]) => void
  readonly records: (records: readonly MarketRecord[]) => void
  readonly change: (change: MarketChange) => void
  /** Hears what is new of where a market stands. */
  readonly stands: (standing: Standing) => void
  /** The market is over and forgotten. */
  readonly forgotten: (market: Ticker) => void
}

type Ending = { readonly due: Micros; readonly latest: Micros; readonly paid: Micros | null }

/** A book that is not known when its market is paid may come back with the connection: it is given so many times the grace. */
const PATIENCE = 6

/** Where every market stands, and so whose books are followed, and which logs begin and end. */
export class Following {
  readonly #options: FollowingOptions
  readonly #states = new Map<Ticker, MarketState>()
  readonly #followed = new Set<Ticker>()
  readonly #endings = new Map<Ticker, Ending>()
  readonly #over = new Map<Ticker, Micros>()
  /** The chosen of a `top` selection; null before the first ranking. */
  #top: ReadonlySet<Ticker> | null = null
  #toFollow: Ticker[] = []
  #toUnfollow: Ticker[] = []
  /** No clock changes a market between the last look at all of them and this moment. */
  #due = Number.MAX_SAFE_INTEGER as Micros
  #looked = 0 as Micros

  constructor(options: FollowingOptions) {
    this.#options = options
  }

  /** Markets that we know and that are not over. */
  get known(): number {
    return this.#states.size
  }

  get followed(): number {
    return this.#followed.size
  }

  state(market: Ticker): MarketState | null {
    return this.#states.get(market) ?? null
  }

  /** Takes what the store knows of a market. */
  load(state: MarketState): void {
    this.#take({ state, changes: [] }, null, state)
  }

  /**
   * Takes a market that REST, or the word of its creation, shows.
   * @param asked when it was asked for, our clock
   * @returns whether it was not known before
   */
  see(seen: SeenMarket, asked: Micros): boolean {
    const { clock, lagMs } = this.#options
    const now = clock()
    const before = this.#states.get(seen.ticker)
    if (before === undefined) {
      if (seen.status === 'finalized' && !this.#options.logs.has(seen.ticker)) return false
      const { settled: _settled, said: _said, ...state } = seen
      this.#take({ state: { ...state, told: null }, changes: [] }, seen.settled)
      return true
    }
    this.#take(seeMarket(before, seen, asked, lagMs * 1000, now), seen.settled)
    return false
  }

  /** Takes a word of the lifecycle channel; answers whether its market is known. */
  hear(word: MarketLifecycle, recv: Micros): boolean {
    const before = this.#states.get(word.market_ticker as Ticker)
    if (before === undefined) return false
    const news = hearMarket(before, word, recv)
    this.#take(news, news.changes.find(({ kind }) => kind === 'settled')?.at ?? null)
    return true
  }

  /** An event's series became known: it may decide. */
  place(event: string, series: string): void {
    for (const state of this.#states.values()) {
      if (state.event === event && state.series !== series) {
        this.#take({ state: { ...state, series }, changes: [] })
      }
    }
  }

  /** Ranks markets by volume, if the selection asks for it. */
  rank(): void {
    const { selection, clock } = this.#options
    if (selection.kind !== 'top') return
    const now = clock()
    const open = [...this.#states.values()].filter((state) => phaseOf(state, now) === 'open')
    this.#top = topOf(selection.count, open, this.#followed)
    for (const state of this.#states.values()) this.#act(state, now)
    this.flush()
  }

  /** Lets time pass: markets open and close by the clock, logs end, what is over is forgotten. */
  tick(): void {
    const now = this.#options.clock()
    for (const [market, { due, latest, paid }] of this.#endings) {
      const known = this.#options.logs.get(market)?.known === true
      if ((known ? due : latest) <= now) this.#settle(market, paid)
    }
    for (const [market, due] of this.#over) if (due <= now) this.#forget(market)
    if (now >= this.#due) this.#turn(now)
    this.flush()
  }

  /** Ends and begins to follow what was decided since, in one call each. */
  flush(): void {
    const { follow, unfollow } = this.#options
    const gone = this.#toUnfollow
    const fresh = this.#toFollow.filter((market) => this.#followed.has(market))
    this.#toFollow = []
    this.#toUnfollow = []
    if (gone.length > 0) unfollow(gone)
    if (fresh.length > 0) follow([...new Set(fresh)])
  }

  /** Markets that are not over, of which no look has told since a moment. */
  *unseen(told: ReadonlySet<Ticker>): Iterable<Ticker> {
    for (const market of this.#states.keys()) if (!told.has(market)) yield market
    for (const market of this.#options.logs.keys()) {
      if (!this.#states.has(market) && !told.has(market)) yield market
    }
  }

  #turn(now: Micros): void {
    const since = this.#looked
    this.#looked = now
    this.#due = Number.MAX_SAFE_INTEGER as Micros
    for (const state of this.#states.values()) {
      const turn = nextTurn(state, since)
      if (turn !== null && turn <= now) this.#take({ state, changes: [] })
      else if (turn !== null && turn < this.#due) this.#due = turn
    }
  }

  #take(
    news: News,
    paid: Micros | null = null,
    before = this.#states.get(news.state.ticker) ?? null,
  ): void {
    const now = this.#options.clock()
    const turned = turnMarket(news.state, now)
    const { state } = turned
    const changes = [...news.changes, ...turned.changes]
    this.#states.set(state.ticker, state)
    for (const change of changes) this.#options.change(change)
    const standing = standingOf(before, state, changes, now)
    if (standing !== null) this.#options.stands(standing)
    const turn = nextTurn(state, now)
    if (turn !== null && turn < this.#due) this.#due = turn
    this.#act(state, now, paid)
  }

  #act(state: MarketState, now: Micros, paid: Micros | null = null): void {
    const { ticker: market } = state
    const { logs, graceMs } = this.#options
    const log = logs.get(market)
    const followed = this.#followed.has(market)
    const logOpen = log !== undefined && log.ending === null
    const plan = planOf({
      phase: phaseOf(state, now),
      selected: this.#selected(state),
      followed,
      logOpen,
    })
    switch (plan) {
      case 'follow':
        this.#follow(market)
        return
      case 'settle': {
        if (this.#endings.has(market)) return
        const graceUs = followed ? graceMs * 1000 : 0
        const due = (now + graceUs) as Micros
        const latest = (now + PATIENCE * graceUs) as Micros
        this.#endings.set(market, { due, latest, paid })
        return
      }
      case 'deselect':
        this.#end(market, 'deselected', null)
        return
      case 'leave':
        if (state.status === 'finalized' && !this.#over.has(market)) this.#rest(market, now)
    }
  }

  #selected(state: MarketState): boolean | null {
    const { selection, logs } = this.#options
    const selected = selects(selection, state)
    if (selected !== null) return selected
    // Before the first ranking those that were followed go on, and nobody else begins.
    if (this.#top === null) return logs.get(state.ticker)?.ending === null ? true : null
    return this.#top.has(state.ticker)
  }

  #follow(market: Ticker): void {
    const { logs, epoch, clock, records } = this.#options
    const log = logs.get(market)
    if (log === undefined) logs.set(market, new MarketLog(epoch, null))
    const gap = log?.resume(clock()) ?? null
    if (gap !== null) records([{ market, record: gap }])
    this.#followed.add(market)
    this.#toFollow.push(market)
  }

  #settle(market: Ticker, paid: Micros | null): void {
    this.#endings.delete(market)
    this.#end(market, 'settled', paid)
    this.#rest(market, this.#options.clock())
  }

  #end(market: Ticker, reason: 'settled' | 'deselected', event: Micros | null): void {
    const { logs, clock, records } = this.#options
    const last = logs.get(market)?.end(reason, event, clock()) ?? []
    if (last.length > 0) records(last.map((record) => ({ market, record })))
    if (!this.#followed.delete(market)) return
    this.#toUnfollow.push(market)
  }

  #rest(market: Ticker, now: Micros): void {
    this.#over.set(market, (now + this.#options.keepMs * 1000) as Micros)
  }

  #forget(market: Ticker): void {
    this.#over.delete(market)
    this.#states.delete(market)
    this.#options.logs.delete(market)
    this.#options.forgotten(market)
  }
}
