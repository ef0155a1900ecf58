import type { ApiError } from '#core/api-error'
import type { ListCost } from '#core/credit'
import { StreamBlocks } from '#core/stream-blocks'
import type { Meter } from './meter.ts'

/** Who pays for rows: the request that asked for them. */
export type Payer = Pick<Meter, 'reserved' | 'handOver' | 'nextBlock' | 'settle'>

/** The rows of a stream, each paid for before it is sent. What was sent stays paid, however the stream ends. */
export class PaidRows {
  readonly #meter: Payer
  readonly #blocks: StreamBlocks
  /** The block that is under way; undefined for the first, which the request itself has paid. */
  #block: string | undefined
  #over = false

  /** Takes over from the request what is to be settled. @param most rows at most */
  constructor(meter: Payer, cost: ListCost, most: number) {
    meter.handOver()
    this.#meter = meter
    this.#blocks = new StreamBlocks(cost, most, meter.reserved)
  }

  /** Credits of all that was sent. */
  get credits(): number {
    return this.#blocks.credits
  }

  /** Rows that may be sent now, 1 at the least: pays for the next block when there are none. @returns or why it cannot */
  async room(): Promise<number | ApiError> {
    const { room } = this.#blocks
    if (room > 0) return room
    this.#meter.settle(this.#blocks.close(), false, this.#block)
    const credits = this.#blocks.next
    const paid = await this.#meter.nextBlock(credits)
    if ('error' in paid) {
      // The block before is settled, and there is no other.
      this.#over = true
      return paid.error
    }
    this.#block = paid.id
    this.#blocks.open(credits)
    return this.#blocks.room
  }

  /** Notes rows that are sent. */
  sent(rows: number): void {
    this.#blocks.sent(rows)
  }

  /** Settles the last block at what was sent of it; safe to call twice. @param failed whether the stream broke off */
  end(failed: boolean): void {
    if (this.#over) return
    this.#over = true
    // What breaks off before its first row costs nothing, of metadata too.
    const nothing = failed && this.#block === undefined && this.#blocks.isEmpty
    this.#meter.settle(nothing ? 0 : this.#blocks.close(), failed, this.#block)
  }
}
