import type { Entry } from './entry.ts'
import {
  type BookRecord,
  END_REASONS,
  epochOf,
  GAP_CAUSES,
  type Level,
  numberOf,
  SNAPSHOT_REASONS,
} from './log.ts'
import type { QuoteMinute } from './quote-minute.ts'
import { writeAside, writeChange, writeHole, writeMark, writeOptional } from './spool-rare.ts'
import * as tag from './spool-tag.ts'
import type { Ticker } from './ticker.ts'
import type { Trade } from './trade.ts'
import { VarintWriter } from './varint.ts'
import { writeText } from './varint-text.ts'

/**
 * Writes the entries of one spool file, block by block. Within a block numbers are differences to the entry before;
 * markets are numbered through the file, and a block names those that it uses first, and those of the block before once
 * more, so that one lost block costs nothing of the others.
 */
export class SpoolEncoder {
  readonly #markets = new Map<string, number>()
  readonly #entries = new VarintWriter()
  #named = new VarintWriter()
  #namedBefore = { count: 0, bytes: new VarintWriter() }
  #firstNew = 0
  #count = 0
  #market: string | null = null
  #epoch = 0
  #recv = 0

  /** Entries in the block so far. */
  get count(): number {
    return this.#count
  }

  /** About the bytes of the block so far. */
  get bytes(): number {
    return this.#entries.length + this.#named.length
  }

  /** Adds an entry to the block. Throws RangeError, and adds nothing, when a number of it is no integer below 2⁵³. */
  encode(entry: Entry): void {
    const start = this.#entries.length
    try {
      this.#write(entry)
      this.#count += 1
    } catch (error) {
      this.#entries.cut(start)
      throw error
    }
  }

  /** Ends the block and begins the next. @returns the block */
  take(): Uint8Array {
    const before = this.#namedBefore
    const block = new VarintWriter()
    block.unsigned(this.#firstNew - before.count)
    block.unsigned(before.count + this.#markets.size - this.#firstNew)
    block.append(before.bytes)
    block.append(this.#named)
    block.append(this.#entries)
    this.#begin()
    return block.bytes()
  }

  #begin(): void {
    this.#namedBefore = { count: this.#markets.size - this.#firstNew, bytes: this.#named }
    this.#named = new VarintWriter()
    this.#entries.cut(0)
    this.#firstNew = this.#markets.size
    this.#count = 0
    this.#market = null
    this.#epoch = 0
    this.#recv = 0
  }

  #write(entry: Entry): void {
    switch (entry.kind) {
      case 'record':
        this.#record(entry.market, entry.record)
        break
      case 'trade':
        this.#trade(entry.trade)
        break
      case 'trade_hole':
        this.#entries.byte(tag.TRADE_HOLE)
        writeHole(this.#entries, entry.hole)
        break
      case 'quote':
        this.#quote(entry.quote)
        break
      case 'change':
        this.#entries.byte(tag.CHANGE)
        writeChange(this.#entries, entry.change)
        break
      case 'aside':
        this.#entries.byte(tag.ASIDE)
        writeAside(this.#entries, entry.aside)
        break
      case 'mark':
        this.#entries.byte(tag.MARK)
        writeMark(this.#entries, entry.mark)
    }
  }

  #record(market: Ticker, record: BookRecord): void {
    const out = this.#entries
    const epoch = epochOf(record.seq)
    const same =
      (market === this.#market ? tag.SAME_MARKET : 0) |
      (epoch === this.#epoch ? tag.SAME_EPOCH : 0) |
      (record.event === null ? tag.NO_EVENT : 0)
    switch (record.kind) {
      case 'delta': {
        out.byte(tag.DELTA | same | (record.side === 'no' ? tag.SIDE_NO : 0))
        this.#stamp(market, epoch, same, record)
        out.unsigned(record.price)
        out.signed(record.change)
        out.unsigned(record.size)
        break
      }
      case 'snapshot':
        out.byte(tag.SNAPSHOT | same)
        this.#stamp(market, epoch, same, record)
        out.unsigned(SNAPSHOT_REASONS.indexOf(record.reason))
        this.#ladder(record.yes)
        this.#ladder(record.no)
        break
      case 'gap':
        out.byte(tag.GAP | same)
        this.#stamp(market, epoch, same, record)
        out.unsigned(GAP_CAUSES.indexOf(record.cause))
        out.signed(record.recv - record.from)
        writeOptional(this.#entries, record.prevSeq)
        break
      case 'end':
        out.byte(tag.END | same)
        this.#stamp(market, epoch, same, record)
        out.unsigned(END_REASONS.indexOf(record.reason))
    }
    this.#market = market
    this.#epoch = epoch
    this.#recv = record.recv
  }

  #stamp(market: Ticker, epoch: number, same: number, { seq, recv, event }: BookRecord): void {
    const out = this.#entries
    if ((same & tag.SAME_MARKET) === 0) out.unsigned(this.#number(market))
    if ((same & tag.SAME_EPOCH) === 0) out.unsigned(epoch)
    out.unsigned(numberOf(seq))
    out.signed(recv - this.#recv)
    if (event !== null) out.signed(recv - event)
  }

  #ladder(levels: readonly Level[]): void {
    this.#entries.unsigned(levels.length)
    let before = 0
    for (const [price, size] of levels) {
      this.#entries.signed(price - before)
      this.#entries.unsigned(size)
      before = price
    }
  }

  #trade(trade: Trade): void {
    const out = this.#entries
    const same = trade.market === this.#market ? tag.SAME_MARKET : 0
    const side = trade.taker === 'no' ? tag.SIDE_NO : 0
    const block = trade.block ? tag.BLOCK_TRADE : 0
    const refilled = trade.source === 'refill' ? tag.REFILLED : 0
    out.byte(tag.TRADE | same | side | block | refilled)
    if (same === 0) out.unsigned(this.#number(trade.market))
    out.signed(trade.recv - this.#recv)
    out.signed(trade.recv - trade.event)
    out.unsigned(trade.price)
    out.unsigned(trade.size)
    writeText(out, trade.tradeId)
    this.#market = trade.market
    this.#recv = trade.recv
  }

  #quote(quote: QuoteMinute): void {
    const out = this.#entries
    const same = quote.market === this.#market ? tag.SAME_MARKET : 0
    out.byte(tag.QUOTE | same)
    if (same === 0) out.unsigned(this.#number(quote.market))
    out.unsigned(quote.start)
    this.#ladder(quote.bid === null ? [] : [quote.bid])
    this.#ladder(quote.ask === null ? [] : [quote.ask])
    writeOptional(this.#entries, quote.openInterest)
    out.unsigned(quote.gapUs)
    this.#market = quote.market
  }

  /** The market's number in this file. */
  #number(market: Ticker): number {
    const known = this.#markets.get(market)
    if (known !== undefined) return known
    const number = this.#markets.size
    this.#markets.set(market, number)
    writeText(this.#named, market)
    return number
  }
}
