import type { Clock } from './clock.ts'
import type { Floor } from './floor.ts'
import { structureHolding } from './grid.ts'
import { listMarket } from './market.ts'
import type { RecordedEvent, Recording } from './recording.ts'
import type { Source } from './source.ts'

const DAY_US = 86_400_000_000
/** So many events at most in one turn, so that a great speed does not starve the connections. */
const MOST_AT_ONCE = 500

/**
 * Plays a recording. Every market is listed from the start and its book is its first snapshot; the
 * events after those begin when every market has been subscribed to, in their recorded order and
 * pace, `speed` times as fast.
 */
export class Replay implements Source {
  readonly #floor: Floor
  readonly #now: Clock
  readonly #speed: number
  readonly #events: RecordedEvent[] = []
  readonly #unheard: Set<string>
  readonly #whenPlayed: (() => void)[] = []
  #position = 0
  /** how far into the recording it has come, microseconds after its first event that is played */
  #elapsedUs = 0

  constructor(floor: Floor, now: Clock, recording: Recording, speed: number) {
    this.#floor = floor
    this.#now = now
    this.#speed = speed
    this.#unheard = new Set(recording.ids.keys())
    this.#list(recording)
  }

  /** How many events there are to play, and how many have been. */
  get progress(): { played: number; total: number } {
    return { played: this.#position, total: this.#events.length }
  }

  /** @returns when every event has been played */
  played(): Promise<void> {
    return new Promise((resolve) => {
      this.#whenPlayed.push(resolve)
      this.#tellWhenPlayed()
    })
  }

  subscribed(ticker: string): void {
    this.#unheard.delete(ticker)
  }

  advance(elapsedUs: number): void {
    if (this.#unheard.size > 0) return
    this.#elapsedUs += elapsedUs * this.#speed
    const firstMs = this.#events[0]?.receivedMs ?? 0
    const due = () => (this.#events[this.#position]?.receivedMs ?? Infinity) - firstMs
    for (let done = 0; done < MOST_AT_ONCE && due() * 1000 <= this.#elapsedUs; done += 1) {
      this.#play()
    }
    this.#tellWhenPlayed()
  }

  step(count: number): number {
    const before = this.#position
    while (this.#position < Math.min(before + count, this.#events.length)) this.#play()
    this.#tellWhenPlayed()
    return this.#position - before
  }

  #play(): void {
    const event = this.#events[this.#position]
    if (event === undefined) return
    this.#position += 1
    const market = this.#floor.market(event.ticker)
    const atUs = this.#now()
    if (event.kind === 'snapshot') {
      this.#floor.snapshot(market, event.yes, event.no, atUs)
    } else {
      const stamp = { atUs, ts: event.ts, tsMs: event.tsMs }
      this.#floor.delta(market, event.side, event.price, event.change, stamp)
      this.#floor.quote(market, atUs)
    }
  }

  #tellWhenPlayed(): void {
    if (this.#position < this.#events.length) return
    for (const resolve of this.#whenPlayed.splice(0)) resolve()
  }

  #list(recording: Recording): void {
    const structures = structuresOf(recording)
    const nowUs = this.#now()
    for (const event of recording.events) {
      if (this.#floor.markets.has(event.ticker)) {
        this.#events.push(event)
        continue
      }
      if (event.kind !== 'snapshot') continue
      const market = listMarket(
        {
          ticker: event.ticker,
          id: recording.ids.get(event.ticker) ?? '',
          structure: structures.get(event.ticker) ?? 'linear_cent',
          createdUs: nowUs - 2 * DAY_US + this.#floor.markets.size * 1_000_000,
          openUs: nowUs - DAY_US,
          closeUs: nowUs + 30 * DAY_US,
        },
        'active',
      )
      market.book.replace(event.yes, event.no)
      this.#floor.add(market)
    }
  }
}

/** The grid of each market of a recording, as coarse as its prices allow. */
function structuresOf(recording: Recording): Map<string, string> {
  const prices = new Map<string, Set<number>>()
  for (const event of recording.events) {
    const seen = prices.get(event.ticker) ?? new Set()
    prices.set(event.ticker, seen)
    if (event.kind === 'delta') seen.add(event.price)
    else for (const [price] of [...event.yes, ...event.no]) seen.add(price)
  }
  return new Map([...prices].map(([ticker, seen]) => [ticker, structureHolding(seen)]))
}
