import type { Ticker } from '#core/ticker'

/** What a market's object asks for when it wants its book kept up to date. */
export type BookWatch = {
  /** Grows with every question of this market's object; the latest counts. */
  readonly token: number
  /** There are subscribers: the watch lasts until the object says that there are none. */
  readonly listened: boolean
  /** Somebody who pays is among those who want it. */
  readonly paid: boolean
}

type KeptWatch = BookWatch & {
  /** Without subscribers the watch ends by itself, ms. */
  readonly untilMs: number
}

/** A read that is repeated is a watch for so long, ms. */
export const READ_WATCH_MS = 60_000
/** The object counts from before it asked; so much later (ms) its own watch is over in any case. */
const LATER_MS = 2000

/** What a Gateway's declaration comes to. */
export type Declared = {
  /** Nobody followed these before. */
  readonly added: readonly Ticker[]
  readonly known: readonly Ticker[]
  /** Of those that free accounts may follow together there are no more. */
  readonly refused: readonly Ticker[]
}

/** Who follows which market of a shard: the market's object, Gateways, or nobody. It outlives the shard's memory. */
export class Watchers {
  readonly #sql: SqlStorage
  readonly #freeBound: () => number
  readonly #books = new Map<Ticker, KeptWatch>()
  /** Gateways' sockets, by their ids: who declared a market. */
  readonly #gateways = new Map<Ticker, Set<string>>()
  readonly #paying = new Set<string>()
  /** Markets that none but free accounts follow. */
  readonly #free = new Set<Ticker>()

  /**
   * @param gateways the ids of the Gateways' sockets that are open, and whether each pays
   * @param freeBound how many markets free accounts alone may follow
   */
  constructor(sql: SqlStorage, gateways: ReadonlyMap<string, boolean>, freeBound: () => number) {
    this.#sql = sql
    this.#freeBound = freeBound
    sql.exec(
      'create table if not exists book_watches (market text primary key, listened integer, paid integer) without rowid',
    )
    sql.exec(
      'create table if not exists declared (gateway text, market text, primary key (gateway, market)) without rowid',
    )
    const open = JSON.stringify([...gateways.keys()])
    sql.exec('delete from declared where gateway not in (select value from json_each(?))', open)
    for (const [id, paid] of gateways) if (paid) this.#paying.add(id)
    const untilMs = Date.now() + READ_WATCH_MS + LATER_MS
    for (const row of sql.exec('select market, listened, paid from book_watches')) {
      const [listened, paid] = [row['listened'] === 1, row['paid'] === 1]
      // Its token is forgotten; whatever the object asks from now on bears a higher one.
      this.#books.set(String(row['market']) as Ticker, { token: 0, listened, paid, untilMs })
    }
    for (const row of sql.exec('select gateway, market from declared')) {
      this.#idsOf(String(row['market']) as Ticker).add(String(row['gateway']))
    }
    for (const market of this.followed) this.#weigh(market)
  }

  /** All markets that anybody follows. */
  get followed(): Ticker[] {
    return [...new Set([...this.#books.keys(), ...this.#gateways.keys()])]
  }
  /** Those that their objects follow. */
  get books(): Ticker[] {
    return [...this.#books.keys()]
  }
  /** Those of them that have subscribers. */
  get listened(): Ticker[] {
    return this.books.filter((market) => this.#books.get(market)?.listened)
  }

  isFollowed(market: Ticker): boolean {
    return this.#books.has(market) || this.#gateways.has(market)
  }

  /** The latest token of a market's object, null when it does not follow its market. */
  tokenOf(market: Ticker): number | null {
    return this.#books.get(market)?.token ?? null
  }

  gatewaysOf(market: Ticker): ReadonlySet<string> | null {
    return this.#gateways.get(market) ?? null
  }

  /** Notes what a market's object wants, unless it wanted something else since; false when free accounts have too many. */
  watch(market: Ticker, { token, listened, paid }: BookWatch, nowMs: number): boolean {
    const before = this.#books.get(market)
    if (before !== undefined && token < before.token) return true
    if (!this.#mayFollow(market, paid)) return false
    const untilMs = nowMs + READ_WATCH_MS + LATER_MS
    this.#books.set(market, { token, listened, paid, untilMs })
    if (before?.listened === listened && before.paid === paid) return true
    const flags = [listened ? 1 : 0, paid ? 1 : 0]
    this.#sql.exec('insert or replace into book_watches values (?, ?, ?)', market, ...flags)
    this.#weigh(market)
    return true
  }

  /** The object has no subscribers any more, but was read of late; counts as `idle` does. */
  unlisten(market: Ticker, token: number, nowMs: number): void {
    const watch = this.#books.get(market)
    if (watch?.token === token) this.watch(market, { ...watch, listened: false }, nowMs)
  }

  /** A market's object wants its book no more. @returns whether that counts: it named its latest token */
  idle(market: Ticker, token: number): boolean {
    if (this.#books.get(market)?.token !== token) return false
    this.#endWatch(market)
    return true
  }

  /** Ends the watches of reads that were not repeated in time. @returns their markets */
  endOverdue(nowMs: number): Ticker[] {
    const over: Ticker[] = []
    for (const [market, { listened, untilMs }] of this.#books) {
      if (!listened && untilMs < nowMs) over.push(market)
    }
    for (const market of over) this.#endWatch(market)
    return over
  }

  /** A Gateway follows markets from now on; one that it follows already counts as known. */
  declare(gateway: string, paid: boolean, markets: readonly Ticker[]): Declared {
    if (paid) this.#paying.add(gateway)
    const added: Ticker[] = []
    const known: Ticker[] = []
    const refused: Ticker[] = []
    const news: Ticker[] = []
    for (const market of markets) {
      if (!this.#mayFollow(market, paid)) {
        refused.push(market)
        continue
      }
      if (this.isFollowed(market)) known.push(market)
      else added.push(market)
      const ids = this.#idsOf(market)
      if (!ids.has(gateway)) news.push(market)
      ids.add(gateway)
      this.#weigh(market)
    }
    if (news.length > 0) {
      const insert = 'insert or ignore into declared select ?, value from json_each(?)'
      this.#sql.exec(insert, gateway, JSON.stringify(news))
    }
    return { added, known, refused }
  }

  /** A Gateway follows markets no more. @returns those of them that nobody follows now */
  undeclare(gateway: string, markets: readonly Ticker[]): Ticker[] {
    const list = JSON.stringify(markets)
    const where = 'gateway = ? and market in (select value from json_each(?))'
    this.#sql.exec(`delete from declared where ${where}`, gateway, list)
    return this.#drop(gateway, markets)
  }

  /** A Gateway's socket is gone, and with it all that it followed. @returns what nobody follows now */
  forget(gateway: string): Ticker[] {
    this.#sql.exec('delete from declared where gateway = ?', gateway)
    const left = this.#drop(gateway, [...this.#gateways.keys()])
    this.#paying.delete(gateway)
    return left
  }

  #drop(gateway: string, markets: readonly Ticker[]): Ticker[] {
    return markets.filter((market) => {
      const ids = this.#gateways.get(market)
      if (!ids?.delete(gateway)) return false
      if (ids.size === 0) this.#gateways.delete(market)
      this.#weigh(market)
      return !this.isFollowed(market)
    })
  }

  #endWatch(market: Ticker): void {
    this.#books.delete(market)
    this.#sql.exec('delete from book_watches where market = ?', market)
    this.#weigh(market)
  }

  #mayFollow(market: Ticker, paid: boolean): boolean {
    return paid || this.isFollowed(market) || this.#free.size < this.#freeBound()
  }

  #weigh(market: Ticker): void {
    const book = this.#books.get(market)
    const ids = this.#gateways.get(market)
    const paid = book?.paid || (ids !== undefined && [...ids].some((id) => this.#paying.has(id)))
    if (!paid && this.isFollowed(market)) this.#free.add(market)
    else this.#free.delete(market)
  }

  #idsOf(market: Ticker): Set<string> {
    const known = this.#gateways.get(market)
    if (known !== undefined) return known
    const ids = new Set<string>()
    this.#gateways.set(market, ids)
    return ids
  }
}
