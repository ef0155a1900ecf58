import type { Sql } from 'postgres'
import { epochOf, type Seq } from '#core/log'
import { MissedRun, MOST_MISSED } from '#core/missed-run'
import { MISS, type Missed, type MissedAnswer, readOn, type Sought } from './missed-reading.ts'

/** Runs queries on a connection of their own, and closes it. */
export type Connect = <Result>(run: (sql: Sql) => Promise<Result>) => Promise<Result>

/** How long the store has, ms, the time until it is asked included. */
const PATIENCE_MS = 2000
/** The store has what happened within about a second: it is asked again after so long, ms. */
const AGAIN_MS = 100
/** So many connections read at once, each so many markets. */
const LANES = 2
const MARKETS = 50
/** So many markets wait at most; who comes then misses. */
const WAITING = 10_000
/** A connection is used for so long at most, ms. */
const LANE_MS = 4000

type Waiting = {
  readonly sought: Sought
  readonly answer: (answer: MissedAnswer) => void
  /** Answered already, if only because it took too long. */
  done: boolean
  /** Not to be asked for before this moment, ms. */
  notBefore: number
}

/** Reads from the store what subscribers missed who come back: many markets at once, by few connections. */
export class MissedRecords {
  readonly #connect: Connect
  readonly #patienceMs: number
  #waiting: Waiting[] = []
  #lanes = 0

  constructor(connect: Connect, patienceMs = PATIENCE_MS) {
    this.#connect = connect
    this.#patienceMs = patienceMs
  }

  /**
   * Reads what was missed of one market. Never throws: what cannot be read is a miss.
   * @param sentUs the moment of sending, µs
   */
  read(missed: Missed, sentUs: number): Promise<MissedAnswer> {
    const { after, until } = missed
    if (until <= after) return Promise.resolve({ kind: 'found', messages: [] })
    const near = epochOf(after as Seq) === epochOf(until as Seq)
    const tooLong = near && until - after > MOST_MISSED
    if (tooLong || this.#waiting.length >= WAITING) return Promise.resolve(MISS)
    return new Promise((resolve) => {
      const timer = setTimeout(() => answer(MISS), this.#patienceMs)
      const answer = (given: MissedAnswer) => {
        clearTimeout(timer)
        waiting.done = true
        resolve(given)
      }
      const run = new MissedRun(after, until)
      const fresh = { id: null, opening: null, alone: false, sealed: null }
      const sought = { missed, run, sentUs, ...fresh }
      const waiting: Waiting = { sought, answer, done: false, notBefore: 0 }
      this.#waiting.push(waiting)
      this.#open()
    })
  }

  #open(): void {
    if (this.#lanes >= LANES || this.#lanes * MARKETS >= this.#waiting.length) return
    this.#lanes += 1
    this.#lane().finally(() => {
      this.#lanes -= 1
      this.#open()
    })
  }

  /** Uses a connection for as long as anybody waits. */
  async #lane(): Promise<void> {
    const end = Date.now() + LANE_MS
    let reading: Waiting[] = []
    try {
      // Those who ask in one turn are read together.
      await Promise.resolve()
      await this.#connect(async (sql) => {
        while (this.#waiting.length > 0 && Date.now() < end) {
          reading = this.#next()
          if (reading.length === 0) await pause(AGAIN_MS / 2)
          else await this.#read(sql, reading)
        }
      })
    } catch {
      // Postgres is away, or does not answer: it will not sooner for those who wait.
      for (const { answer } of [...reading, ...this.#waiting]) answer(MISS)
      this.#waiting = []
    }
  }

  /** Takes those that are to be read next out of the queue: some, or one that is read alone. */
  #next(): Waiting[] {
    const now = Date.now()
    const next: Waiting[] = []
    const rest: Waiting[] = []
    for (const each of this.#waiting) {
      if (each.done) continue
      const { alone } = each.sought
      const fits = next.length === 0 || !(alone || next[0]?.sought.alone || next.length >= MARKETS)
      if (fits && each.notBefore <= now) next.push(each)
      else rest.push(each)
    }
    this.#waiting = rest
    return next
  }

  async #read(sql: Sql, reading: readonly Waiting[]): Promise<void> {
    const sought = reading.map((each) => each.sought)
    const outcomes = await readOn(sql, sought)
    for (const [place, each] of reading.entries()) {
      const outcome = outcomes[place] ?? MISS
      if (outcome !== 'again' && outcome !== 'later') each.answer(outcome)
      else {
        each.notBefore = outcome === 'again' ? 0 : Date.now() + AGAIN_MS
        this.#waiting.push(each)
      }
    }
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
