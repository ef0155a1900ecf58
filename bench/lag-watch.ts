import { setTimeout as sleep } from 'node:timers/promises'
import postgres, { type Sql } from 'postgres'
import { percentile } from './figure.ts'

const LOOK_MS = 10
const GRID_US = 1000

/** When, and up to which receive time, the store was seen to be complete; microseconds. */
type Sight = { readonly atUs: number; readonly throughUs: number }

/**
 * Watches the store's watermark from outside, as a reader sees it: how long after its receipt a record
 * is durable. It looks every 10 ms, so that a lag is overstated by so much at most.
 */
export class LagWatch {
  readonly #sql: Sql
  #sights: Sight[] = []
  #running = true
  #done: Promise<void>

  /** @param url the address of a role that may read `kb.epochs` */
  constructor(url: string) {
    this.#sql = postgres(url, { max: 1, onnotice: () => {} })
    this.#done = this.#look()
  }

  /** How far the record is behind the clock now, ms. */
  get lagMs(): number {
    return (nowUs() - (this.#sights.at(-1)?.throughUs ?? 0)) / 1000
  }

  /** How far the record was behind the clock at its worst since then, ms. */
  worstMs(sinceUs: number): number {
    const steps = this.#steps(sinceUs)
    return Math.max(this.lagMs, ...steps.map(({ from, atUs }) => (atUs - from) / 1000))
  }

  /** How far it was behind on average between two moments, ms. */
  meanMs(fromUs: number, toUs: number): number {
    const lags = this.#lags(fromUs, toUs)
    return lags.reduce((sum, lag) => sum + lag, 0) / Math.max(1, lags.length)
  }

  /**
   * The lag that a share (0 to 1) of what was received between two moments did not exceed, ms, where as much
   * came at every moment. Throws when nothing was seen.
   */
  percentileMs(fromUs: number, toUs: number, share: number): number {
    return percentile(this.#lags(fromUs, toUs), share)
  }

  /** Forgets what it saw until now. */
  forget(): void {
    this.#sights = this.#sights.slice(-1)
  }

  async stop(): Promise<void> {
    this.#running = false
    await this.#done
    await this.#sql.end({ timeout: 1 })
  }

  async #look(): Promise<void> {
    while (this.#running) {
      try {
        const [row] = await this.#sql`
          select recorded_through_us::float8 as through from kb.epochs order by epoch desc limit 1`
        const throughUs = Number(row?.['through'] ?? 0)
        if (throughUs > (this.#sights.at(-1)?.throughUs ?? 0)) {
          this.#sights.push({ atUs: nowUs(), throughUs })
        }
      } catch {
        // Postgres is away: the lag grows until it is back.
      }
      await sleep(LOOK_MS)
    }
  }

  /** Each stretch of receive times that became durable at once, and when it was seen. */
  #steps(sinceUs: number): { from: number; to: number; atUs: number }[] {
    return this.#sights.flatMap(({ atUs, throughUs }, i) => {
      const before = this.#sights[i - 1]
      if (before === undefined || throughUs < sinceUs) return []
      return [{ from: Math.max(before.throughUs, sinceUs), to: throughUs, atUs }]
    })
  }

  #lags(fromUs: number, toUs: number): number[] {
    const lags: number[] = []
    for (const { from, to, atUs } of this.#steps(fromUs)) {
      for (let us = from; us < Math.min(to, toUs); us += GRID_US) lags.push((atUs - us) / 1000)
    }
    return lags
  }
}

/** This machine's clock in microseconds. */
export function nowUs(): number {
  return Math.round((performance.timeOrigin + performance.now()) * 1000)
}
