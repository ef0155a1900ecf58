import { ascii, FRAME_BYTES, LoadFrames } from './load-frames.ts'
import type { Market } from './market.ts'
import type { Session } from './session.ts'
import type { Subscription } from './subscription.ts'

const BOOK = 'orderbook_delta'
const BATCH_BYTES = 256 * 1024

/** One book subscription, with what is to be sent on it next. */
type Lane = {
  readonly session: Session
  readonly subscription: Subscription
  readonly version: number
  readonly head: Uint8Array
  batch: Buffer
  end: number
  count: number
}

/** Brings the deltas of a load to the connections that want them, many in one write. */
export class LoadLanes {
  readonly #frames: LoadFrames
  readonly #sessions: ReadonlySet<Session>
  readonly #places: Map<string, number>
  #lanes: Lane[] = []
  /** the lanes of each market */
  #routes: (readonly Lane[])[]

  constructor(markets: readonly Market[], sessions: ReadonlySet<Session>) {
    this.#frames = new LoadFrames(markets)
    this.#sessions = sessions
    this.#places = new Map(markets.map(({ ticker }, place) => [ticker, place]))
    this.#routes = markets.map(() => [])
  }

  /** Sets the exchange's time of the deltas that follow (microseconds). */
  date(atUs: number): void {
    this.#frames.date(atUs)
  }

  /** Finds out who wants what; to be called before a run of deltas. */
  refresh(): void {
    const wanted = [...this.#sessions].flatMap((session) => {
      const subscription = session.on(BOOK)
      return subscription === undefined ? [] : [{ session, subscription }]
    })
    const same =
      wanted.length === this.#lanes.length &&
      this.#lanes.every(
        ({ subscription, version }, i) =>
          wanted[i]?.subscription === subscription && version === subscription.version,
      )
    if (!same) this.#route(wanted)
  }

  /** One level's change: side 0 for yes, 1 for no, price in cents, change in hundredths. */
  delta(market: number, side: 0 | 1, price: number, change: number): void {
    for (const lane of this.#routes[market] ?? []) {
      const { subscription } = lane
      const shown = side === 1 && subscription.useYesPrice ? 100 - price : price
      if (lane.end > BATCH_BYTES - FRAME_BYTES) send(lane)
      const { batch, end, head } = lane
      const seq = subscription.take()
      lane.end = this.#frames.write(batch, end, head, seq, market, side, shown, change)
      lane.count += 1
    }
  }

  /** Sends what was gathered, one write a connection. */
  flush(): void {
    for (const lane of this.#lanes) {
      if (lane.count === 0) continue
      send(lane)
      lane.session.checkBuffer(lane.subscription)
    }
  }

  #route(wanted: readonly { session: Session; subscription: Subscription }[]): void {
    this.flush()
    this.#routes = this.#routes.map(() => NOBODY)
    this.#lanes = wanted.map(({ session, subscription }) => ({
      session,
      subscription,
      version: subscription.version,
      head: ascii(`{"type":"orderbook_delta","sid":${subscription.sid},"seq":`),
      batch: Buffer.allocUnsafe(BATCH_BYTES),
      end: 0,
      count: 0,
    }))
    for (const lane of this.#lanes) {
      const alone = [lane]
      for (const ticker of lane.subscription.tickers ?? []) {
        const place = this.#places.get(ticker)
        if (place === undefined) continue
        const before = this.#routes[place] ?? NOBODY
        this.#routes[place] = before.length === 0 ? alone : [...before, lane]
      }
    }
  }
}

function send(lane: Lane): void {
  const { line, stats } = lane.session
  const taken = line.sendEncoded(lane.batch.subarray(0, lane.end))
  // What has not left yet still refers to these bytes.
  if (!taken || line.waiting > 0) lane.batch = Buffer.allocUnsafe(BATCH_BYTES)
  stats.deltas += lane.count
  lane.end = 0
  lane.count = 0
}

const NOBODY: readonly Lane[] = []
