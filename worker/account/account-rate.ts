import type { RateWord } from '#core/admission'
import { Flood } from '#core/flood'
import type { Micros } from '#core/instant'
import type { BlockedRecord } from '#core/key-record'
import { type Bucket, fullBucket, rateWord, refilled, retryAfterMs, taken } from '#core/rate'

/** An account's rate, in memory: whoever evicts its object gives it a full burst. */
export class Rate {
  readonly #blocked: (record: BlockedRecord) => void
  readonly #flood = new Flood()
  #bucket: Bucket | null = null

  /** @param blocked called when the edge is to refuse requests by itself for a while */
  constructor(blocked: (record: BlockedRecord) => void) {
    this.#blocked = blocked
  }

  /** Takes one request of the rate. @returns null, or how long (ms) until one may come */
  take(perS: number, nowMs: number): number | null {
    const bucket = this.#refill(perS, nowMs)
    const left = taken(bucket)
    if (left === null) return retryAfterMs(bucket, perS)
    this.#bucket = left
    return null
  }

  /** How the rate stands. */
  word(perS: number, nowMs: number): RateWord {
    return rateWord(this.#refill(perS, nowMs), perS)
  }

  /** A request was refused, for its rate or for its credits. */
  refused(code: BlockedRecord['code'], perS: number, nowMs: number): void {
    const record = this.#flood.refused(code, perS, nowMs)
    if (record !== null) this.#blocked(record)
  }

  #refill(perS: number, nowMs: number): Bucket {
    const nowUs = (nowMs * 1000) as Micros
    const bucket = this.#bucket
    this.#bucket = bucket === null ? fullBucket(perS, nowUs) : refilled(bucket, perS, nowUs)
    return this.#bucket
  }
}
