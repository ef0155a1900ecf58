import type { Micros } from './instant.ts'
import type { DeltaFrame, Frame, Malformed } from './kalshi/decode.ts'
import type { BookRecord, GapCause } from './log.ts'
import type { MarketLog } from './market-log.ts'
import { RecvStamp } from './recv-stamp.ts'
import { sequenceOrder } from './sequence.ts'
import type { Ticker } from './ticker.ts'

/** A record and the market whose log it belongs to. */
export type MarketRecord = { readonly market: Ticker; readonly record: BookRecord }

/** What one frame led to. */
export type Ingested = {
  readonly records: readonly MarketRecord[]
  /** Books of this sid that need a fresh snapshot. */
  readonly resync: { readonly sid: number; readonly markets: readonly Ticker[] } | null
  /** The connection is of no more use; its books are stale already. */
  readonly dead: string | null
}

type Sid = {
  readonly sid: number
  readonly channel: string
  readonly stamp: RecvStamp
  readonly markets: Set<Ticker>
  seq: number
  /** recv of its last contiguous frame: until then we vouch for its books. */
  vouched: Micros
  /** Frames in a row that we had already. */
  repeats: number
}

const NOTHING: Ingested = { records: [], resync: null, dead: null }
const BOOKS = 'orderbook_delta'
/** So many frames in a row that we had already are no repeats: the count of the sid went back. */
const REPEATS = 100
/** The exchange's errors that end a subscription: https://docs.kalshi.com/asyncapi.yaml */
const CHANNEL_ERROR = 10
const BUFFER_OVERFLOW = 25
const END_CAUSES = { [CHANNEL_ERROR]: 'cut', [BUFFER_OVERFLOW]: 'overflow' } as const

/** Everything one exchange connection says, turned into records of the markets' logs. */
export class Ingest {
  readonly #logs: ReadonlyMap<Ticker, MarketLog>
  readonly #sids = new Map<number, Sid>()
  readonly #owner = new Map<Ticker, number>()
  readonly #opened: Micros
  #probes = 0

  /**
   * @param logs the logs of the markets that we follow; frames of others only count
   * @param now the moment at which the connection opened
   */
  constructor(logs: ReadonlyMap<Ticker, MarketLog>, now: Micros) {
    this.#logs = logs
    this.#opened = now
  }

  /**
   * The last contiguous frame of the books' sid, at first the opening of the connection. A ping or
   * a frame of another sid proves the connection, but not that the books' frames still come.
   */
  get vouched(): Micros {
    return this.#books?.vouched ?? this.#opened
  }

  /** The sid that carries books, null before the exchange named one. */
  get bookSid(): number | null {
    return this.#books?.sid ?? null
  }

  /** A known market to ask about when nothing comes, each in its turn; null when there is none. */
  probe(): Ticker | null {
    const known = [...(this.#books?.markets ?? [])].filter((market) => this.#known(market))
    this.#probes += 1
    return known[this.#probes % known.length] ?? null
  }

  /** Takes one frame. */
  frame(frame: Frame, now: Micros): Ingested {
    if (frame.kind === 'subscribed') return this.#subscribed(frame.sid, frame.channel, now)
    if (frame.kind === 'malformed' && frame.sid === null) {
      return { records: this.lose('malformed', now), resync: null, dead: frame.reason }
    }
    const sid = frame.sid === null ? undefined : this.#sids.get(frame.sid)
    if (sid === undefined) return NOTHING
    const broken: MarketRecord[] = []
    let hole = false
    if ('seq' in frame && frame.seq !== null) {
      const order = sequenceOrder(sid.seq, frame.seq)
      if (order.kind === 'duplicate') return this.#repeated(sid, now)
      sid.repeats = 0
      hole = order.kind === 'gap'
      if (hole) broken.push(...this.#stale(sid, sid.markets, 'sequence', now))
      sid.seq = frame.seq
    }
    const taken = this.#take(sid, frame, now)
    const lost = hole ? [...sid.markets].filter((market) => !this.#known(market)) : []
    const again = new Set([...lost, ...(taken.resync?.markets ?? [])])
    return {
      records: [...broken, ...taken.records],
      resync: again.size === 0 ? null : { sid: sid.sid, markets: [...again] },
      dead: taken.dead,
    }
  }

  /**
   * The connection is lost, or no longer to be believed: every book of it is stale.
   * @returns the gap records
   */
  lose(cause: GapCause, now: Micros): MarketRecord[] {
    const records: MarketRecord[] = []
    for (const sid of this.#sids.values()) {
      records.push(...this.#stale(sid, sid.markets, cause, now))
    }
    return records
  }

  get #books(): Sid | undefined {
    for (const sid of this.#sids.values()) if (sid.channel === BOOKS) return sid
    return undefined
  }

  #repeated(sid: Sid, now: Micros): Ingested {
    sid.repeats += 1
    if (sid.repeats < REPEATS) return NOTHING
    const records = this.#stale(sid, sid.markets, 'sequence', now)
    return { records, resync: null, dead: 'the count of a subscription went back' }
  }

  #subscribed(sid: number, channel: string, now: Micros): Ingested {
    const markets = new Set<Ticker>()
    const stamp = new RecvStamp()
    this.#sids.set(sid, { sid, channel, markets, stamp, seq: 0, vouched: now, repeats: 0 })
    return NOTHING
  }

  #take(sid: Sid, frame: Frame, now: Micros): Ingested {
    const market = 'market' in frame ? frame.market : null
    const recv = sid.stamp.stamp(market, frame.kind === 'delta' ? frame.event : null, now)
    if (frame.kind === 'malformed') return this.#malformed(sid, frame, now)
    const before = sid.vouched
    sid.vouched = recv
    switch (frame.kind) {
      case 'snapshot': {
        const log = this.#logs.get(frame.market)
        if (log === undefined || sid.channel !== BOOKS) return NOTHING
        const broken: MarketRecord[] = []
        if (frame.asked && log.known && this.#owner.get(frame.market) === sid.sid) {
          if (log.check(frame.ladders, recv)) return NOTHING
          broken.push(...this.#stale(sid, [frame.market], 'mismatch', now, log.vouched ?? now))
        }
        const record = log.snapshot(frame.ladders, recv)
        if (record === null) return this.#suspect(sid, frame.market, 'malformed', before, now)
        this.#own(sid, frame.market)
        return { ...NOTHING, records: [...broken, { market: frame.market, record }] }
      }
      case 'delta':
        return this.#delta(sid, frame, recv, now)
      case 'error':
        if (frame.code !== CHANNEL_ERROR && frame.code !== BUFFER_OVERFLOW) return NOTHING
        return {
          ...NOTHING,
          records: this.#stale(sid, sid.markets, END_CAUSES[frame.code], now, before),
          dead: `error ${frame.code}: ${frame.message}`,
        }
      case 'unsubscribed':
        return {
          ...NOTHING,
          records: this.#stale(sid, sid.markets, 'cut', now, before),
          dead: 'unsubscribed',
        }
      default:
        return NOTHING
    }
  }

  #delta(sid: Sid, frame: DeltaFrame, recv: Micros, now: Micros): Ingested {
    const log = this.#logs.get(frame.market)
    if (log === undefined || this.#owner.get(frame.market) !== sid.sid) return NOTHING
    const outcome = log.delta(frame.side, frame.price, frame.change, frame.event, recv)
    switch (outcome.kind) {
      case 'recorded':
        return { ...NOTHING, records: [{ market: frame.market, record: outcome.record }] }
      case 'dropped':
        return NOTHING
      case 'impossible':
        // Our book and the exchange's differ, and may have since its last snapshot.
        return this.#suspect(sid, frame.market, 'mismatch', log.vouched ?? now, now)
    }
  }

  #malformed(sid: Sid, frame: Malformed, now: Micros): Ingested {
    // A market that is named is concerned alone, one that we do not follow none of ours.
    const markets =
      frame.market === null ? [...sid.markets] : this.#logs.has(frame.market) ? [frame.market] : []
    const records = this.#stale(sid, markets, 'malformed', now)
    sid.vouched = now
    return { ...NOTHING, records, resync: { sid: sid.sid, markets } }
  }

  #suspect(sid: Sid, market: Ticker, cause: GapCause, from: Micros, now: Micros): Ingested {
    const records = this.#stale(sid, [market], cause, now, from)
    return { ...NOTHING, records, resync: { sid: sid.sid, markets: [market] } }
  }

  #stale(
    sid: Sid,
    markets: Iterable<Ticker>,
    cause: GapCause,
    now: Micros,
    from: Micros = sid.vouched,
  ): MarketRecord[] {
    const records: MarketRecord[] = []
    for (const market of markets) {
      const record = this.#logs.get(market)?.gap(cause, from, now)
      if (record) records.push({ market, record })
    }
    return records
  }

  #own(sid: Sid, market: Ticker): void {
    const before = this.#owner.get(market)
    if (before !== undefined && before !== sid.sid) this.#sids.get(before)?.markets.delete(market)
    this.#owner.set(market, sid.sid)
    sid.markets.add(market)
  }

  #known(market: Ticker): boolean {
    return this.#logs.get(market)?.known === true
  }
}
