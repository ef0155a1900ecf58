import { checksum, fullChecksum } from '../checksum.ts'
import type { DeltaRecord, EndRecord, GapRecord, Image, Ladders, SnapshotRecord } from '../log.ts'
import { printPrice } from '../price.ts'
import { printSize } from '../size.ts'
import { printLadder } from './record.ts'
import type {
  DeltasMessage,
  EndMessage,
  GapMessage,
  ImageMessage,
  ImageReason,
  SnapshotMessage,
} from './stream.ts'

/** The messages of a stream that carry records. */
export type RecordMessage = DeltasMessage | GapMessage | EndMessage | SnapshotMessage
/** The messages that say what a book is. */
export type BookMessage = RecordMessage | ImageMessage

/**
 * A run of contiguous deltas, at least one, as one message.
 * @param book the book after the last of them
 * @param sentUs the moment of sending, µs
 */
export function deltasMessage(
  market: string,
  run: readonly [DeltaRecord, ...DeltaRecord[]],
  book: Ladders,
  sentUs: number,
): DeltasMessage {
  return {
    type: 'deltas',
    market,
    seq: [run[0].seq, run[0].seq + run.length - 1],
    d: run.map(({ side, price, change, size, event, recv }) => [
      side,
      printPrice(price),
      printSize(change),
      printSize(size),
      event,
      recv,
    ]),
    checksum: checksum(book),
    sent_us: sentUs,
  }
}

/** A snapshot record, with both checksums of its book. */
export function snapshotMessage(market: string, record: SnapshotRecord): SnapshotMessage {
  return {
    type: 'snapshot',
    market,
    seq: record.seq,
    image: false,
    reason: record.reason,
    ...printBook(record),
    event_us: null,
    recv_us: record.recv,
  }
}

/** An image: our book after record `image.seq`. */
export function imageMessage(
  market: string,
  image: Omit<Image, 'kind' | 'event'>,
  reason: ImageReason,
  marketStatus: string,
): ImageMessage {
  return {
    type: 'snapshot',
    market,
    seq: image.seq,
    image: true,
    reason,
    ...printBook(image),
    market_status: marketStatus,
    recv_us: image.recv,
  }
}

/** A gap record: from here on no book is known. */
export function gapMessage(market: string, gap: GapRecord): GapMessage {
  return {
    type: 'gap',
    market,
    seq: gap.seq,
    cause: gap.cause,
    from_us: gap.from,
    to_us: null,
    prev_seq: gap.prevSeq,
    event_us: null,
    recv_us: gap.recv,
  }
}

/** The end of a market's log. */
export function endMessage(market: string, end: EndRecord): EndMessage {
  const { seq, reason, event, recv } = end
  return { type: 'end', market, seq, reason, event_us: event, recv_us: recv }
}

/** How many rows a message holds, as what keeps messages counts them: its deltas, or its levels and one. */
export function rowsOf(message: BookMessage): number {
  switch (message.type) {
    case 'deltas':
      return message.d.length
    case 'snapshot':
      return message.yes.length + message.no.length + 1
    case 'gap':
    case 'end':
      return 1
  }
}

function printBook(book: Ladders) {
  return {
    yes: printLadder(book.yes),
    no: printLadder(book.no),
    checksum: checksum(book),
    full_checksum: fullChecksum(book),
  }
}
