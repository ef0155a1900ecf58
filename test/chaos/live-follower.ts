import { checksums, type Ladder, type PlainBook } from '../history/plain-wire.ts'
import { scaled } from '../history/stream-follower.ts'
import { TradeTale } from './live-trades.ts'

type Row = readonly [
  side: 'yes' | 'no',
  price: string,
  change: string | null,
  size: string,
  event_us: number | null,
  recv_us: number,
]
/** A message of a stream, by wire §3; what it does not have is not looked at. */
type Message = {
  readonly type: string
  readonly market: string
  readonly image: boolean
  readonly yes: Ladder
  readonly no: Ladder
  readonly d: readonly Row[]
  readonly checksum: number
  readonly full_checksum: number
  readonly recv_us: number
  readonly code: string
  readonly message: string
  readonly books: Readonly<Record<string, number>>
  readonly feed: string
}
type Sides = { readonly yes: Map<number, number>; readonly no: Map<number, number> }
/** What a client knows of one market, through all of its connections. */
type Followed = {
  /** The highest seq that it was told. */
  seq: number
  /** Up to where this connection has told it: behind `seq` while what it has is told again. */
  at: number
  /** What this connection has said: nothing yet, nothing but that it goes on from `at`, or something. */
  told: 'nothing' | 'resumed' | 'something'
  book: Sides | null
  over: boolean
  recvUs: number
}
type Bbo = { readonly seq: number; readonly bid: string | null; readonly ask: string | null }

const MOST_PROBLEMS = 20
/** A checksum is of so many levels of each side. */
const SUMMED = 10

/** How a follower's client asked to be shown its markets. */
export type Shown = {
  /** Of how many levels a side a market is shown; null for all. */
  readonly depth: (market: string) => number | null
  /** Whether it is told how levels differ, by depth or conflation, and not record by record. */
  readonly gathers: boolean
  /** Whether it subscribed to a market. */
  readonly follows: (market: string) => boolean
}

/**
 * Follows all that is said on one client's connections, one after the other, in both directions. It knows the
 * words of wire §3 and nothing of our code, and notes whatever they do not allow.
 */
export class LiveFollower {
  readonly trades = new TradeTale()
  readonly problems: string[] = []
  /** Called at each `ready`. */
  onReady: () => void = () => {}
  /** How many messages of each type came. */
  readonly counts: Record<string, number> = {}
  /** The last best prices that were told of each market. */
  readonly bbos = new Map<string, Bbo>()
  readonly #shown: Shown
  readonly #markets = new Map<string, Followed>()
  /** How the feed does, as this connection says. */
  #feed = 'healthy'
  readonly #depths = new Map<string, number | null>()

  constructor(shown: Shown) {
    this.#shown = shown
  }

  /** A connection begins; what was known is kept. */
  opened(): void {
    for (const market of this.#markets.values()) {
      market.told = 'nothing'
      market.at = market.seq
    }
    this.bbos.clear()
    this.#feed = 'healthy'
  }

  /** The connection is over. */
  closed(): void {
    this.trades.closed()
  }

  /** The client said something. */
  said(raw: string): void {
    const { op, resume, channels, resume_trades_us } = JSON.parse(raw) as {
      op?: string
      resume?: Record<string, number>
      channels?: string[]
      resume_trades_us?: number
    }
    if (op !== 'subscribe') return
    if (channels?.includes('trade')) this.trades.asked(resume_trades_us ?? null)
    for (const [name, seq] of Object.entries(resume ?? {})) {
      const market = this.#markets.get(name)
      if (market === undefined || seq > market.seq) {
        this.#problem(name, `is resumed after ${seq}, which was not told`)
      } else if (market.told === 'nothing') {
        market.told = 'resumed'
        market.at = seq
      }
    }
  }

  /** Something came. */
  take(raw: string): void {
    const message = parsed(raw) as (Message & { seq: never }) | null
    if (message === null) {
      this.#problem('', `no JSON object: ${raw.slice(0, 100)}`)
      return
    }
    this.counts[message.type] = (this.counts[message.type] ?? 0) + 1
    const { market } = message
    if (typeof market === 'string' && message.type !== 'error' && !this.#shown.follows(market)) {
      this.#problem(market, `${message.type} without a subscription`)
    }
    switch (message.type) {
      case 'snapshot':
        if (message.image) this.#image(message)
        else this.#snapshot(message)
        break
      case 'deltas':
        this.#deltas(message)
        break
      case 'gap':
        if ('channel' in message) this.trades.gap(message)
        else this.#gap(message)
        break
      case 'end':
        this.#end(message)
        break
      case 'trade':
        this.#noted(market, this.trades.trade(message))
        break
      case 'bbo':
        this.#bbo(message)
        break
      case 'heartbeat':
        this.#feed = message.feed
        this.#heartbeat(message.books)
        break
      case 'ready':
        this.onReady()
        this.trades.ready()
        break
      case 'error':
        this.#problem(market ?? '', `error ${message.code}: ${message.message}`)
    }
  }

  /** Where each market can be resumed. */
  resume(): Record<string, number> {
    return Object.fromEntries([...this.#markets].map(([name, { seq }]) => [name, seq]))
  }

  /** The seq and the shown book of a market; the book is null while it is not known. */
  market(name: string): { readonly seq: number; readonly book: PlainBook | null } | null {
    return this.#markets.get(name) ?? null
  }

  #image(message: Message & { seq: number }): void {
    const market = this.#marketOf(message.market, message.seq)
    // Who does not say what it has may be shown an older book, when it was said that nobody vouches for it.
    const isStale = market.told === 'nothing' && this.#feed !== 'healthy'
    if (message.seq < market.seq && isStale) market.recvUs = 0
    else if (message.seq < market.seq) {
      this.#problem(message.market, `an image of ${message.seq} after ${market.seq}`)
    }
    this.#place(market, message)
    market.told = 'something'
  }

  #snapshot(message: Message & { seq: number }): void {
    const market = this.#following(message.market, 'a snapshot', message.seq)
    if (market === null) return
    if (message.seq !== market.at + 1) {
      this.#problem(message.market, `snapshot ${message.seq} follows ${market.at}`)
    }
    if (message.seq <= market.seq) market.at = message.seq
    else this.#place(market, message)
  }

  #place(market: Followed, message: Message & { seq: number }): void {
    const side = (levels: Ladder) =>
      new Map(levels.map(([price, size]) => [scaled(price, 6), scaled(size, 2)] as const))
    market.book = { yes: side(message.yes), no: side(message.no) }
    market.over = false
    market.seq = market.at = message.seq
    for (const levels of [market.book.yes, market.book.no]) {
      const prices = [...levels.keys()]
      if (prices.some((price, i) => i > 0 && price >= (prices[i - 1] ?? 0))) {
        this.#problem(message.market, `a ladder of ${message.seq} is not best first`)
      }
    }
    this.#time(message.market, market, message.recv_us)
    this.#check(message.market, market, message)
  }

  #deltas(message: Message & { seq: [number, number] }): void {
    const { market: name, d } = message
    const [from, to] = message.seq
    this.counts['rows'] = (this.counts['rows'] ?? 0) + d.length
    const market = this.#following(name, 'deltas', from)
    if (market === null) return
    if (from !== market.at + 1) this.#problem(name, `${from} follows ${market.at}`)
    const exact = d.length === 0 ? !this.#shown.gathers : d[0]?.[2] !== null
    if (to < from || (exact && d.length !== to - from + 1)) {
      this.#problem(name, `${d.length} rows from ${from} to ${to}`)
    }
    const known = market.seq
    const { book } = market
    market.at = to
    market.seq = Math.max(to, market.seq)
    if (to <= known) return
    if (book === null) {
      this.#problem(name, `deltas ${from} and no book`)
      return
    }
    if (market.over) this.#problem(name, `deltas ${from} after the end`)
    for (const [i, row] of d.entries()) {
      if (exact && from + i <= known) continue
      this.#change(name, book, row)
      if (exact) this.#time(name, market, row[5])
    }
    this.#check(name, market, message)
  }

  #change(name: string, book: Sides, [side, price, change, size]: Row): void {
    const key = scaled(price, 6)
    const after = scaled(size, 2)
    if (change !== null && (book[side].get(key) ?? 0) + scaled(change, 2) !== after) {
      this.#problem(name, `${side} ${price} by ${change} does not become ${size}`)
    }
    if (after < 0) this.#problem(name, `${side} ${price} is ${size}`)
    if (after === 0) book[side].delete(key)
    else book[side].set(key, after)
  }

  #gap(message: Message & { seq: number }): void {
    const market = this.#marketOf(message.market, message.seq)
    // Who begins anew inside a gap is told of it again.
    const again = message.seq === market.at && (market.book === null || market.told === 'nothing')
    if (message.seq <= market.at && !again) {
      this.#problem(message.market, `gap ${message.seq} after ${market.at}`)
    }
    market.told = 'something'
    market.at = message.seq
    if (message.seq < market.seq) return
    market.seq = message.seq
    market.book = null
    market.over = false
  }

  #end(message: Message & { seq: number }): void {
    const { market: name, seq } = message
    const market = this.#marketOf(name, seq)
    const again = seq >= market.seq && (market.told === 'nothing' || market.over)
    if (seq !== market.at + 1 && !again) this.#problem(name, `end ${seq} follows ${market.at}`)
    market.told = 'something'
    market.at = seq
    market.seq = Math.max(seq, market.seq)
    market.over = true
  }

  #bbo(message: Message & { seq: number }): void {
    const { market, seq } = message
    const { bid, ask } = message as unknown as { bid: Ladder[0] | null; ask: Ladder[0] | null }
    const before = this.bbos.get(market)
    if (before !== undefined && seq < before.seq) {
      this.#problem(market, `bbo of ${seq} after ${before.seq}`)
    }
    this.bbos.set(market, { seq, bid: bid?.join(' ') ?? null, ask: ask?.join(' ') ?? null })
  }

  /** What a heartbeat names is what this connection was told last. */
  #heartbeat(books: Readonly<Record<string, number>>): void {
    for (const [name, seq] of Object.entries(books)) {
      const market = this.#markets.get(name)
      if (market === undefined || market.told === 'nothing') {
        this.#problem(name, `a heartbeat names ${seq}, and nothing was told`)
      } else if (seq !== market.at) {
        this.#problem(name, `a heartbeat names ${seq} after ${market.at}`)
      }
    }
  }

  /** The market, when something of it was told or resumed on this connection. */
  #following(name: string, what: string, seq: number): Followed | null {
    const market = this.#markets.get(name)
    if (market === undefined || market.told === 'nothing') {
      this.#problem(name, `${what} ${seq} before any book`)
      return null
    }
    market.told = 'something'
    return market
  }

  #marketOf(name: string, seq: number): Followed {
    const known = this.#markets.get(name)
    if (known !== undefined) return known
    const market: Followed = {
      ...{ seq, at: seq, told: 'nothing', book: null, over: false, recvUs: 0 },
    }
    this.#markets.set(name, market)
    this.#depths.set(name, this.#shown.depth(name))
    return market
  }

  #time(name: string, market: Followed, recvUs: number): void {
    if (recvUs < market.recvUs) this.#problem(name, `received at ${recvUs} after ${market.recvUs}`)
    market.recvUs = recvUs
  }

  #check(name: string, { book, at }: Followed, stated: Message): void {
    if (book === null) return
    const depth = this.#depths.get(name) ?? Number.POSITIVE_INFINITY
    if (book.yes.size > depth || book.no.size > depth) {
      this.#problem(name, `more than ${depth} levels after ${at}`)
    }
    if (depth < SUMMED) return
    const { checksum, full_checksum } = checksums(book)
    if (stated.checksum !== checksum) this.#problem(name, `another book after ${at}`)
    const whole = depth === Number.POSITIVE_INFINITY && stated.full_checksum !== undefined
    if (whole && stated.full_checksum !== full_checksum) {
      this.#problem(name, `another full book after ${at}`)
    }
  }

  #noted(name: string, problem: string | null): void {
    if (problem !== null) this.#problem(name, problem)
  }

  #problem(market: string, text: string): void {
    if (this.problems.length < MOST_PROBLEMS) this.problems.push(`${market}: ${text}`)
  }
}

function parsed(raw: string): object | null {
  try {
    const value: unknown = JSON.parse(raw)
    return typeof value === 'object' ? value : null
  } catch {
    return null
  }
}
