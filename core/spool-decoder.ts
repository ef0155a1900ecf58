import type { Entry } from './entry.ts'
import type { Micros } from './instant.ts'
import {
  asSeq,
  type BookRecord,
  END_REASONS,
  EPOCH_SIZE,
  type Epoch,
  GAP_CAUSES,
  type Level,
  type Seq,
  SNAPSHOT_REASONS,
} from './log.ts'
import { asPrice, type Price } from './price.ts'
import type { QuoteMinute } from './quote-minute.ts'
import { asSize, type Size, type SizeChange } from './size.ts'
import {
  readAside,
  readChange,
  readHole,
  readMark,
  readOptional,
  readTicker,
  Unreadable,
  wordOf,
} from './spool-rare.ts'
import * as tag from './spool-tag.ts'
import type { Ticker } from './ticker.ts'
import type { Trade } from './trade.ts'
import { VarintReader } from './varint.ts'
import { readText } from './varint-text.ts'

/** What a block held. */
export type DecodedBlock = {
  readonly entries: Entry[]
  /** Entries of markets that only lost blocks named. */
  readonly nameless: number
}

/** Reads the blocks of one spool file, from its first. */
export class SpoolDecoder {
  readonly #markets: (Ticker | undefined)[] = []
  #in = new VarintReader(new Uint8Array())
  #market: Ticker | null = null
  #epoch = 0 as Epoch
  #recv = 0 as Micros

  /** Takes from a block only the markets that it names. @returns whether it is one of ours */
  learn(block: Uint8Array): boolean {
    return this.#read(block, () => true) ?? false
  }

  /** @returns what the block holds, or null when it is none of ours */
  decode(block: Uint8Array): DecodedBlock | null {
    return this.#read(block, () => {
      this.#market = null
      this.#epoch = 0 as Epoch
      this.#recv = 0 as Micros
      const entries: Entry[] = []
      let nameless = 0
      while (this.#in.left > 0 && !this.#in.failed) {
        const entry = this.#entry()
        if (entry === null) nameless += 1
        else entries.push(entry)
      }
      return { entries, nameless }
    })
  }

  #read<Read>(block: Uint8Array, read: () => Read): Read | null {
    this.#in = new VarintReader(block)
    try {
      this.#learn()
      const found = read()
      return this.#in.failed ? null : found
    } catch (error) {
      if (error instanceof Unreadable) return null
      throw error
    }
  }

  #learn(): void {
    const first = this.#in.unsigned()
    const count = this.#in.count(1)
    for (let i = 0; i < count; i++) this.#markets[first + i] = readTicker(this.#in)
  }

  #entry(): Entry | null {
    const head = this.#in.byte()
    switch (head & tag.KIND_BITS) {
      case tag.DELTA:
      case tag.SNAPSHOT:
      case tag.GAP:
      case tag.END: {
        this.#turn(head)
        const record = this.#record(head)
        return this.#market === null ? null : { kind: 'record', market: this.#market, record }
      }
      case tag.TRADE: {
        const trade = this.#trade(head)
        return trade === null ? null : { kind: 'trade', trade }
      }
      case tag.TRADE_HOLE:
        return { kind: 'trade_hole', hole: readHole(this.#in) }
      case tag.QUOTE: {
        const quote = this.#quote(head)
        return quote === null ? null : { kind: 'quote', quote }
      }
      case tag.CHANGE:
        return { kind: 'change', change: readChange(this.#in) }
      case tag.ASIDE:
        return { kind: 'aside', aside: readAside(this.#in) }
      case tag.MARK:
        return { kind: 'mark', mark: readMark(this.#in) }
      default:
        throw new Unreadable(`no entry begins with ${head}`)
    }
  }

  #turn(head: number): void {
    if ((head & tag.SAME_MARKET) === 0) this.#market = this.#markets[this.#in.unsigned()] ?? null
  }

  #record(head: number): BookRecord {
    if ((head & tag.SAME_EPOCH) === 0) this.#epoch = this.#in.unsigned() as Epoch
    const seq = this.#seq(this.#in.unsigned())
    const recv = this.#later()
    const event = head & tag.NO_EVENT ? null : ((recv - this.#in.signed()) as Micros)
    switch (head & tag.KIND_BITS) {
      case tag.DELTA: {
        const side = head & tag.SIDE_NO ? 'no' : 'yes'
        const price = this.#price(this.#in.unsigned())
        const change = this.#in.signed() as SizeChange
        return { kind: 'delta', side, price, change, size: this.#size(), event, seq, recv }
      }
      case tag.SNAPSHOT: {
        const reason = wordOf(SNAPSHOT_REASONS, this.#in.unsigned())
        const yes = this.#ladder()
        return { kind: 'snapshot', reason, event, yes, no: this.#ladder(), seq, recv }
      }
      case tag.GAP: {
        const cause = wordOf(GAP_CAUSES, this.#in.unsigned())
        const from = (recv - this.#in.signed()) as Micros
        const prevSeq = readOptional(this.#in) as Seq | null
        return { kind: 'gap', cause, from, prevSeq, event, seq, recv }
      }
      default:
        return { kind: 'end', reason: wordOf(END_REASONS, this.#in.unsigned()), event, seq, recv }
    }
  }

  #trade(head: number): Trade | null {
    this.#turn(head)
    const recv = this.#later()
    const event = (recv - this.#in.signed()) as Micros
    const price = this.#price(this.#in.unsigned())
    const size = this.#size()
    const tradeId = readText(this.#in)
    if (this.#market === null) return null
    return {
      market: this.#market,
      tradeId,
      price,
      size,
      taker: head & tag.SIDE_NO ? 'no' : 'yes',
      block: (head & tag.BLOCK_TRADE) !== 0,
      event,
      recv,
      source: head & tag.REFILLED ? 'refill' : 'stream',
    }
  }

  #quote(head: number): QuoteMinute | null {
    this.#turn(head)
    const start = this.#in.unsigned() as Micros
    const [bid = null] = this.#ladder()
    const [ask = null] = this.#ladder()
    const openInterest = readOptional(this.#in) as Size | null
    const gapUs = this.#in.unsigned()
    if (this.#market === null) return null
    return { market: this.#market, start, bid, ask, openInterest, gapUs }
  }

  #later(): Micros {
    this.#recv = (this.#recv + this.#in.signed()) as Micros
    return this.#recv
  }

  #ladder(): Level[] {
    const levels: Level[] = []
    let before = 0
    for (let left = this.#in.count(2); left > 0; left--) {
      before += this.#in.signed()
      levels.push([this.#price(before), this.#size()])
    }
    return levels
  }

  #seq(n: number): Seq {
    const seq = n < EPOCH_SIZE ? asSeq(this.#epoch * EPOCH_SIZE + n) : null
    if (seq === null) throw new Unreadable('no seq')
    return seq
  }

  #price(millionths: number): Price {
    const price = asPrice(millionths)
    if (price === null) throw new Unreadable(`no price: ${millionths}`)
    return price
  }

  #size(): Size {
    const size = asSize(this.#in.unsigned())
    if (size === null) throw new Unreadable('no size')
    return size
  }
}
