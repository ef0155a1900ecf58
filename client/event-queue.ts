import type { StreamEvent } from './stream-event.ts'

/** Of these there are few, and a reader may wait for one of them: they stay when all else is dropped. */
const KEPT = new Set<StreamEvent['type']>([
  ...(['welcome', 'subscribed', 'unsubscribed', 'ready', 'stale', 'healthy'] as const),
  ...(['joined', 'left', 'trade_gap', 'warning', 'error', 'stopped'] as const),
])

/**
 * What a stream has told and its reader has not read yet. Bounded: when it is full, all that concerns books and trades is
 * thrown away and one `behind` says so; the books themselves lose nothing, they are kept as messages come.
 */
export class EventQueue {
  readonly #most: number
  #events: StreamEvent[] = []
  /** What was read of `#events` and not cut off yet. */
  #read = 0
  #waiting: ((result: IteratorResult<StreamEvent, undefined>) => void)[] = []
  #over = false

  /** @param most how many events may wait */
  constructor(most: number) {
    this.#most = most
  }

  /** How many events wait. */
  get length(): number {
    return this.#events.length - this.#read
  }

  /** Takes what was told. */
  put(event: StreamEvent): void {
    if (this.#over) return
    const next = this.#waiting.shift()
    if (next !== undefined) {
      next({ done: false, value: event })
      return
    }
    if (this.length >= this.#most) this.#dropMost()
    this.#events.push(event)
  }

  /** No event comes any more; those that wait can still be read. */
  end(): void {
    this.#over = true
    for (const next of this.#waiting.splice(0)) next({ done: true, value: undefined })
  }

  /** The next event, as soon as there is one. */
  next(): Promise<IteratorResult<StreamEvent, undefined>> {
    const value = this.#events[this.#read]
    if (value !== undefined) {
      this.#read += 1
      if (this.#read > 1000 && this.#read * 2 > this.#events.length) this.#cut()
      return Promise.resolve({ done: false, value })
    }
    this.#cut()
    if (this.#over) return Promise.resolve({ done: true, value: undefined })
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  #cut(): void {
    this.#events = this.#events.slice(this.#read)
    this.#read = 0
  }

  #dropMost(): void {
    this.#cut()
    let dropped = 0
    let trades = 0
    const markets = new Set<string>()
    const all = this.#events.filter((event) => KEPT.has(event.type))
    const kept = new Set(all.slice(Math.max(0, all.length - Math.floor(this.#most / 2))))
    for (const event of this.#events) {
      if (kept.has(event)) continue
      if (event.type === 'behind') {
        dropped += event.dropped
        trades += event.trades
        for (const market of event.markets) markets.add(market)
        continue
      }
      dropped += 1
      if (event.type === 'trade') trades += 1
      else if ('market' in event && event.market !== null) markets.add(event.market)
    }
    this.#events = [...kept, { type: 'behind', dropped, trades, markets: [...markets] }]
  }
}
