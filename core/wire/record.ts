import { z } from 'zod'
import type { Micros } from '../instant.ts'
import {
  type BookRecord,
  END_REASONS,
  GAP_CAUSES,
  type Image,
  type Ladders,
  type Level,
  type Seq,
  SNAPSHOT_REASONS,
} from '../log.ts'
import { parsePrice, printPrice } from '../price.ts'
import { parseSize, parseSizeChange, printSize } from '../size.ts'

const seq = z.int().nonnegative()
const micros = z.int().nonnegative()
const ladder = z.array(z.tuple([z.string(), z.string()]))

export const wireDelta = z.object({
  type: z.literal('delta'),
  seq,
  side: z.enum(['yes', 'no']),
  price: z.string(),
  change: z.string(),
  size: z.string(),
  event_us: micros.nullable(),
  recv_us: micros,
})
export const wireSnapshot = z.object({
  type: z.literal('snapshot'),
  seq,
  reason: z.enum(SNAPSHOT_REASONS),
  yes: ladder,
  no: ladder,
  event_us: z.null(),
  recv_us: micros,
})
export const wireGap = z.object({
  type: z.literal('gap'),
  seq,
  cause: z.enum(GAP_CAUSES),
  from_us: micros,
  to_us: micros.nullable(),
  prev_seq: seq.nullable(),
  event_us: z.null(),
  recv_us: micros,
})
export const wireEnd = z.object({
  type: z.literal('end'),
  seq,
  reason: z.enum(END_REASONS),
  event_us: micros.nullable(),
  recv_us: micros,
})
/** A record as every wire carries it (wire §1). */
export const wireRecord = z.discriminatedUnion('type', [wireDelta, wireSnapshot, wireGap, wireEnd])
const market = z.string()
/** A record of one of several logs. */
export const wireLoggedRecord = z.discriminatedUnion('type', [
  wireDelta.extend({ market }),
  wireSnapshot.extend({ market }),
  wireGap.extend({ market }),
  wireEnd.extend({ market }),
])
/** An image on the feed. */
export const wireImage = z.object({
  seq,
  yes: ladder,
  no: ladder,
  event_us: micros.nullable(),
  recv_us: micros,
})

export type WireRecord = z.infer<typeof wireRecord>
export type WireLoggedRecord = z.infer<typeof wireLoggedRecord>
export type WireImage = z.infer<typeof wireImage>
export type WireLadder = z.infer<typeof ladder>

/** Prints levels as `[price, size]` decimal strings in the order given. */
export function printLadder(levels: readonly Level[]): WireLadder {
  return levels.map(([price, size]) => [printPrice(price), printSize(size)])
}

/** Prints a record as the wire carries it. */
export function printRecord(record: BookRecord): WireRecord {
  const { seq, recv: recv_us } = record
  switch (record.kind) {
    case 'delta':
      return {
        type: 'delta',
        seq,
        side: record.side,
        price: printPrice(record.price),
        change: printSize(record.change),
        size: printSize(record.size),
        event_us: record.event,
        recv_us,
      }
    case 'snapshot':
      return {
        type: 'snapshot',
        seq,
        reason: record.reason,
        yes: printLadder(record.yes),
        no: printLadder(record.no),
        event_us: null,
        recv_us,
      }
    case 'gap':
      return {
        type: 'gap',
        seq,
        cause: record.cause,
        from_us: record.from,
        to_us: null,
        prev_seq: record.prevSeq,
        event_us: null,
        recv_us,
      }
    case 'end':
      return { type: 'end', seq, reason: record.reason, event_us: record.event, recv_us }
  }
}

/** Reads a record from the wire; null when a number in it cannot be one. */
export function readRecord(wire: WireRecord): BookRecord | null {
  const stamp = {
    seq: wire.seq as Seq,
    recv: wire.recv_us as Micros,
    event: wire.event_us as Micros | null,
  }
  switch (wire.type) {
    case 'delta': {
      const price = parsePrice(wire.price)
      const change = parseSizeChange(wire.change)
      const size = parseSize(wire.size)
      if (price === null || change === null || size === null) return null
      return { kind: 'delta', ...stamp, side: wire.side, price, change, size }
    }
    case 'snapshot': {
      const ladders = readLadders(wire)
      return ladders && { kind: 'snapshot', ...stamp, reason: wire.reason, ...ladders }
    }
    case 'gap': {
      const { cause, from_us, prev_seq } = wire
      const from = from_us as Micros
      return { kind: 'gap', ...stamp, cause, from, prevSeq: prev_seq as Seq | null }
    }
    case 'end':
      return { kind: 'end', ...stamp, reason: wire.reason }
  }
}

/** Prints an image for the feed. */
export function printImage(image: Image): WireImage {
  const { seq, event: event_us, recv: recv_us } = image
  return { seq, yes: printLadder(image.yes), no: printLadder(image.no), event_us, recv_us }
}

/** Reads an image from the feed; null when a number in it cannot be one. */
export function readImage(wire: WireImage): Image | null {
  const ladders = readLadders(wire)
  return (
    ladders && {
      kind: 'image',
      seq: wire.seq as Seq,
      recv: wire.recv_us as Micros,
      event: wire.event_us as Micros | null,
      ...ladders,
    }
  )
}

function readLadders(wire: { yes: WireLadder; no: WireLadder }): Ladders | null {
  const yes = readLadder(wire.yes)
  const no = readLadder(wire.no)
  return yes === null || no === null ? null : { yes, no }
}

/** Reads `[price, size]` decimal strings; null when one of them cannot be a level. */
export function readLadder(wire: WireLadder): Level[] | null {
  const levels: Level[] = []
  for (const [priceText, sizeText] of wire) {
    const price = parsePrice(priceText)
    const size = parseSize(sizeText)
    if (price === null || size === null || size === 0) return null
    levels.push([price, size])
  }
  return levels
}
