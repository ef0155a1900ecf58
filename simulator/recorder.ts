import { writeFileSync } from 'node:fs'
import type { Clock } from './clock.ts'
import { type BookChange, Floor } from './floor.ts'
import { printDelta, printFrame, printSnapshot } from './frames.ts'
import { Generator } from './generator.ts'
import type { Market } from './market.ts'

/** 2027-01-04T15:00:00Z: recordings are made of invented moments, so that a seed makes the same bytes. */
const BEGIN_US = 1_799_074_800_000_000
/** Between two events of a recording, on average. */
const SPACING_US = 12_000

/** What is recorded: so many markets, and so many book events after their first snapshots. */
export type RecordingOptions = { seed: number; markets: number; events: number }

/**
 * Writes a recording of made-up trading, as a recorder of the exchange's frames would have: first
 * snapshots, deltas, and two later snapshots that nobody asked for. The same options make the same bytes.
 */
export function writeRecording(path: string, options: RecordingOptions): void {
  writeFileSync(path, printRecording(options))
}

/** Makes the text of a recording; see `writeRecording`. */
export function printRecording({ seed, markets, events }: RecordingOptions): string {
  let atUs = BEGIN_US
  const clock: Clock = () => atUs
  const floor = new Floor()
  const generator = new Generator(floor, clock, {
    seed,
    markets,
    rate: 0,
    skew: 1,
    combos: 0,
    scalars: 0,
  })
  const tape = new Tape(clock)
  const [emptied, repeated, ...rest] = floor.markets.values()
  if (emptied === undefined || repeated === undefined) throw new Error('too few markets to record')
  tape.open([emptied, repeated, ...rest])
  floor.listen({ changed: (change) => tape.write(change) })
  for (let done = 0; done < events; ) {
    atUs += 1_000 + ((done * 7_919) % (2 * SPACING_US))
    if (tape.passes(done, Math.floor(events / 3))) {
      // The exchange cancels every order: an empty book, and then trading goes on.
      floor.snapshot(emptied, [], [], atUs)
      done += 1
    } else if (tape.passes(done, Math.floor((2 * events) / 3))) {
      const { book } = repeated
      floor.snapshot(repeated, book.ascending('yes'), book.ascending('no'), atUs)
      done += 1
    } else done += generator.step(1)
  }
  return tape.text()
}

/** Frames of one subscription, numbered and dated as a recorder gets them. */
class Tape {
  readonly #lines: string[] = []
  readonly #clock: Clock
  readonly #passed = new Set<number>()
  #seq = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Whether this many events have been passed for the first time. */
  passes(done: number, mark: number): boolean {
    if (done < mark || this.#passed.has(mark)) return false
    this.#passed.add(mark)
    return true
  }

  open(markets: readonly Market[]): void {
    this.#line('{"type":"subscribed","id":1,"msg":{"channel":"orderbook_delta","sid":1}}')
    for (const market of markets) {
      this.#frame('orderbook_snapshot', printSnapshot(market.ticker, market, false))
    }
  }

  write(change: BookChange): void {
    if (change.kind === 'delta') this.#frame('orderbook_delta', printDelta(change, false))
    else {
      const { market } = change
      this.#frame('orderbook_snapshot', printSnapshot(market.ticker, market, false))
    }
  }

  text(): string {
    return `${this.#lines.join('\n')}\n`
  }

  #frame(type: string, msg: string): void {
    this.#seq += 1
    this.#line(printFrame({ type, sid: 1, seq: this.#seq }, msg))
  }

  #line(frame: string): void {
    this.#lines.push(`{"received_ms":${Math.floor(this.#clock() / 1000) + 4},"frame":${frame}}`)
  }
}
