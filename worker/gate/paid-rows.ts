import type { ApiError } from '#core/api-error'
import { BROKE_OFF } from '#core/call-log'
import type { ListCost } from '#core/credit'
import { StreamBlocks } from '#core/stream-blocks'
import type { Meter } from './meter.ts'

/** A block that is under way for so long (ms) is settled at what was sent of it: its account frees it after a minute. */
const BLOCK_MS = 40_000

/** Who pays for rows: the request that asked for them. */
export type Payer = Pick<Meter, 'reserved' | 'handOver' | 'nextBlock' | 'settle'>

/** The rows of a stream, each paid for before it is sent. What was sent stays paid, however the stream ends. */
export class PaidRows {
  readonly #meter: Payer
  readonly #blocks: StreamBlocks
  /** The block that is under way; undefined for the first, which the request itself has paid. */
  #block: string | undefined
  /** Settles the block if it takes too long; null while none is under way. */
  #slow: ReturnType<typeof setTimeout> | null = null

  /** Takes over from the request what is to be settled. @param most rows at most */
  constructor(meter: Payer, cost: ListCost, most: number) {
    meter.handOver()
    this.#meter = meter
    this.#blocks = new StreamBlocks(cost, most, meter.reserved)
    this.#watch()
  }

  /** Credits of all that was sent. */
  get credits(): number {
    return this.#blocks.credits
  }

  /** Rows that may be sent now, 1 at the least: pays for the next block when there are none. @returns or why it cannot */
  async room(): Promise<number | ApiError> {
    const { room } = this.#blocks
    if (room > 0) return room
    this.#close(false, false)
    const credits = this.#blocks.next
    const paid = await this.#meter.nextBlock(credits)
    if ('error' in paid) return paid.error
    this.#block = paid.id
    this.#blocks.open(credits)
    this.#watch()
    return this.#blocks.room
  }

  /** Notes rows that are sent. */
  sent(rows: number): void {
    this.#blocks.sent(rows)
  }

  /** Settles the last block at what was sent of it; safe to call twice. @param failed whether the stream broke off */
  end(failed: boolean): void {
    this.#close(failed, !failed)
  }

  /** Who takes a block slowly pays for what of it was sent in time, and for the rest with the next. */
  #watch(): void {
    this.#slow = setTimeout(() => this.#close(false, false), BLOCK_MS)
  }

  /** Settles the block that is under way, if there is one. @param isWhole whether the stream has come to its end */
  #close(failed: boolean, isWhole: boolean): void {
    if (this.#slow === null) return
    clearTimeout(this.#slow)
    this.#slow = null
    // What has not come to its first row costs nothing, of metadata too.
    const isNothing = this.#blocks.isEmpty && !isWhole
    if (isNothing) this.#blocks.giveBack()
    const credits = isNothing ? 0 : this.#blocks.close()
    this.#meter.settle(credits, failed ? BROKE_OFF : 200, this.#block)
  }
}
