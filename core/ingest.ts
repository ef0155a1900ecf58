import type { Micros } from './instant.ts'
import type { DeltaFrame, Frame, Malformed } from './kalshi/decode.ts'
import { errorMeaning } from './kalshi/error-meaning.ts'
import type { BookRecord, GapCause } from './log.ts'
import type { Followed, Owner, Owners } from './owners.ts'
import { RecvStamp } from './recv-stamp.ts'
import { MOST_REPEATS, sequenceOrder } from './sequence.ts'
import { staleBooks, staleLeft } from './stale-books.ts'
import type { Ticker } from './ticker.ts'

/** A record and the market whose log it belongs to. */
export type MarketRecord = { readonly market: Ticker; readonly record: BookRecord }

/** What one frame led to. */
export type Ingested = {
  readonly records: readonly MarketRecord[]
  /** Books of this sid that need a fresh snapshot. */
  readonly resync: { readonly markets: readonly Ticker[] } | null
  /** A market that its frame took from another subscription. */
  readonly moved: { readonly market: Ticker; readonly from: Owner } | null
  /** The book subscription is over, its books are stale already: it has to be made anew. */
  readonly ended: string | null
  /** The connection is of no more use; its books are stale already. */
  readonly dead: string | null
}

/** Whether a command that takes the market out of the subscription has yet to be done when this answer is. */
export type Leaving = (market: Ticker, answered: number | null) => boolean

type Sid = Owner & {
  readonly channel: string
  readonly stamp: RecvStamp
  seq: number
  /** recv of its last contiguous frame: until then we vouch for its books. */
  vouched: Micros
  /** Frames in a row that we had already. */
  repeats: number
  /** Every book of it is stale and was told to need a snapshot, and none has come since. */
  lost: boolean
}

const NOTHING: Ingested = { records: [], resync: null, moved: null, ended: null, dead: null }
const BOOKS = 'orderbook_delta'

/** Everything one exchange connection says, turned into records of the logs of markets that it owns. */
export class Ingest {
  readonly #owners: Owners
  readonly #connection: number
  readonly #sids = new Map<number, Sid>()
  readonly #opened: Micros
  readonly #leaving: Leaving
  /** The newest subscription of books. */
  #books: Sid | null = null
  #round: IterableIterator<Followed> | null = null

  /**
   * @param owners what is followed, shared by all connections; frames of other markets only count
   * @param connection the connection's number
   * @param now the moment at which it opened
   */
  constructor(owners: Owners, connection: number, now: Micros, leaving: Leaving = () => false) {
    this.#owners = owners
    this.#connection = connection
    this.#opened = now
    this.#leaving = leaving
  }

  /**
   * The last contiguous frame of the books' sid, at first the opening of the connection. A ping or
   * a frame of another sid proves the connection, but not that the books' frames still come.
   */
  get vouched(): Micros {
    return this.#books?.vouched ?? this.#opened
  }

  /** The sid that carries books, null while there is none. */
  get bookSid(): number | null {
    return this.#books?.sid ?? null
  }

  /** How many markets it owns. */
  get owned(): number {
    return this.#books?.owned.size ?? 0
  }

  /** Whether it vouches for a book: one that it holds, or one that was taken from it just now. */
  get knows(): boolean {
    if (this.#books !== null && this.#books.left.size > 0) return true
    for (const { log } of this.#books?.owned ?? []) if (log.known) return true
    return false
  }

  /** A known market to ask about when nothing comes, each in its turn; null when there is none. */
  probe(): Ticker | null {
    for (let rounds = 0; rounds < 2; rounds += 1) {
      this.#round ??= this.#books?.owned.values() ?? null
      for (let next = this.#round?.next(); next?.done === false; next = this.#round?.next()) {
        if (next.value.log.known) return next.value.market
      }
      this.#round = null
    }
    return null
  }

  /** Takes one frame. */
  frame(frame: Frame, now: Micros): Ingested {
    if (frame.kind === 'subscribed') return this.#subscribed(frame.sid, frame.channel, now)
    if (frame.kind === 'malformed' && frame.sid === null) {
      return { ...NOTHING, records: this.lose('malformed', now), dead: frame.reason }
    }
    const sid = frame.sid === null ? undefined : this.#sids.get(frame.sid)
    if (sid === undefined) return NOTHING
    const seq = 'seq' in frame ? frame.seq : null
    if (seq === null) return this.#take(sid, frame, now)
    const order = sequenceOrder(sid.seq, seq)
    if (order === 'duplicate') return this.#repeated(sid, now)
    sid.repeats = 0
    if (order === 'gap') return this.#hole(sid, frame, seq, now)
    if (sid.left.size > 0) sid.left.clear()
    sid.seq = seq
    return frame.kind === 'delta' ? this.#delta(sid, frame, now) : this.#take(sid, frame, now)
  }

  /**
   * The connection is lost, or no longer to be believed: every book that it owns is stale.
   * @returns the gap records
   */
  lose(cause: GapCause, now: Micros): MarketRecord[] {
    const records: MarketRecord[] = []
    for (const sid of this.#sids.values()) records.push(...this.#close(sid, cause, now))
    return records
  }

  /**
   * Gives the book subscription up, of which nothing more is believed.
   * @returns the gap records
   */
  abandon(cause: GapCause, now: Micros): MarketRecord[] {
    return this.#books === null ? [] : this.#close(this.#books, cause, now)
  }

  #subscribed(sid: number, channel: string, now: Micros): Ingested {
    // Said twice of one subscription, it begins no other.
    if (this.#sids.get(sid)?.channel === channel) return NOTHING
    const connection = this.#connection
    const markets = { owned: new Set<Followed>(), left: new Set<Followed>() }
    const count = { seq: 0, vouched: now, repeats: 0, lost: false }
    const made = { sid, connection, channel, ...markets, stamp: new RecvStamp(), ...count }
    this.#sids.set(sid, made)
    if (channel === BOOKS) this.#books = made
    return NOTHING
  }

  #repeated(sid: Sid, now: Micros): Ingested {
    sid.repeats += 1
    if (sid.repeats < MOST_REPEATS) return NOTHING
    const records = this.#doubt(sid, 'sequence', now)
    return { ...NOTHING, records, dead: 'the count of a subscription went back' }
  }

  /** Frames of unknown markets are missing before this one: every book of the sid may be wrong. */
  #hole(sid: Sid, frame: Frame, seq: number, now: Micros): Ingested {
    const told = sid.lost
    const left = staleLeft(sid, 'sequence', sid.vouched, now)
    const broken = told ? [] : staleBooks(sid, sid.owned, 'sequence', sid.vouched, now)
    sid.lost = true
    sid.seq = seq
    const taken = this.#take(sid, frame, now)
    const again = new Set(taken.resync?.markets)
    if (!told) for (const { market, log } of sid.owned) if (!log.known) again.add(market)
    return {
      ...taken,
      records: [...left, ...broken, ...taken.records],
      resync: again.size === 0 ? null : { markets: [...again] },
    }
  }

  #take(sid: Sid, frame: Frame, now: Micros): Ingested {
    if (frame.kind === 'delta') return this.#delta(sid, frame, now)
    if (frame.kind === 'malformed') return this.#malformed(sid, frame, now)
    sid.stamp.stamp(null, null, now)
    const before = sid.vouched
    sid.vouched = now
    switch (frame.kind) {
      case 'snapshot':
        return this.#snapshot(sid, frame, before, now)
      case 'error': {
        const meaning = errorMeaning(frame.code)
        if (meaning.kind !== 'ended') return NOTHING
        return this.#over(sid, meaning.cause, before, now, `error ${frame.code}: ${frame.message}`)
      }
      case 'unsubscribed':
        return this.#over(sid, 'cut', before, now, 'unsubscribed')
      default:
        return NOTHING
    }
  }

  #snapshot(
    sid: Sid,
    frame: Extract<Frame, { kind: 'snapshot' }>,
    before: Micros,
    now: Micros,
  ): Ingested {
    const followed = this.#owners.get(frame.market)
    if (followed === undefined || sid !== this.#books) return NOTHING
    const { market, log, owner } = followed
    if (log.ending !== null) return NOTHING
    if (owner !== sid && followed.target !== this.#connection) return NOTHING
    // No change follows what is shown of it before it has left, and come again.
    if (owner !== sid && this.#leaving(market, frame.id)) return NOTHING
    const broken: MarketRecord[] = []
    if (frame.id !== null && log.known && owner === sid) {
      if (log.check(frame.ladders, now)) return NOTHING
      broken.push(...staleBooks(sid, [followed], 'mismatch', log.vouched ?? now, now))
    }
    const record = log.snapshot(frame.ladders, now)
    if (record === null) return this.#suspect(sid, followed, 'malformed', before, now)
    sid.lost = false
    this.#owners.take(followed, sid)
    const moved = owner === null || owner === sid ? null : { market, from: owner }
    return { ...NOTHING, records: [...broken, { market, record }], moved }
  }

  #delta(sid: Sid, frame: DeltaFrame, now: Micros): Ingested {
    const recv = sid.stamp.stamp(frame.market, frame.event, now)
    sid.vouched = recv
    const followed = this.#owners.get(frame.market)
    if (followed === undefined || followed.owner !== sid) return NOTHING
    followed.changes += 1
    const { log, market } = followed
    const outcome = log.delta(frame.side, frame.price, frame.change, frame.event, recv)
    switch (outcome.kind) {
      case 'recorded': {
        const records = [{ market, record: outcome.record }]
        return { records, resync: null, moved: null, ended: null, dead: null }
      }
      case 'dropped':
        return NOTHING
      case 'impossible':
        // Our book and the exchange's differ, and may have since its last snapshot.
        return this.#suspect(sid, followed, 'mismatch', log.vouched ?? now, now)
    }
  }

  #malformed(sid: Sid, frame: Malformed, now: Micros): Ingested {
    // A market that is named is concerned alone, and only if it is this sid's, or is to be.
    const named = frame.market === null ? null : this.#owners.get(frame.market)
    const concerned = named === null ? [...sid.owned] : named ? [named] : []
    const mine = concerned.filter(
      ({ log, owner, target }) =>
        log.ending === null &&
        (owner === sid || (owner === null && target === this.#connection && sid === this.#books)),
    )
    const records = staleBooks(sid, mine, 'malformed', sid.vouched, now)
    sid.stamp.stamp(null, null, now)
    sid.vouched = now
    return {
      ...NOTHING,
      records,
      resync: { markets: mine.map(({ market }) => market) },
    }
  }

  #suspect(sid: Sid, one: Followed, cause: GapCause, from: Micros, now: Micros): Ingested {
    const records = staleBooks(sid, [one], cause, from, now)
    return { ...NOTHING, records, resync: { markets: [one.market] } }
  }

  #over(sid: Sid, cause: GapCause, from: Micros, now: Micros, ended: string): Ingested {
    const isBooks = sid === this.#books
    const records = this.#close(sid, cause, now, from)
    return { ...NOTHING, records, ended: isBooks ? ended : null }
  }

  #close(sid: Sid, cause: GapCause, now: Micros, from: Micros = sid.vouched): MarketRecord[] {
    const records = this.#doubt(sid, cause, now, from)
    this.#owners.release(sid)
    this.#sids.delete(sid.sid)
    if (sid === this.#books) this.#books = null
    return records
  }

  /** Frames of a sid are missing since a moment. */
  #doubt(sid: Sid, cause: GapCause, now: Micros, from: Micros = sid.vouched): MarketRecord[] {
    const books = staleBooks(sid, sid.owned, cause, from, now)
    return [...books, ...staleLeft(sid, cause, from, now)]
  }
}
