import { bringsRecord } from '#core/market-minutes'
import type { LevelsMessage } from '#core/wire/stream'
import type { BookMessage } from '#core/wire/stream-message'
import type { Seat } from './gateway-seat.ts'

/** A message of a book as it is sent to all whom it concerns. */
export type Encoded = {
  readonly text: string
  readonly type: BookMessage['type']
  readonly from: number
  readonly to: number
  /** The UTC minute in which it counts for whom it is told; null when it brings no record. */
  readonly minute: number | null
}

/** Encodes a message once for all. @param minute of UTC in which it is sent; null when it counts for nobody any more */
export function encode(message: BookMessage | LevelsMessage, minute: number | null): Encoded {
  const [from, to] = message.type === 'deltas' ? message.seq : [message.seq, message.seq]
  const counts = bringsRecord(message) ? minute : null
  return { text: JSON.stringify(message), type: message.type, from, to, minute: counts }
}

/**
 * Seats that were told a message count its minute, apart from the telling.
 * @returns whether all of them did: then no further message of the minute need count
 */
export function countTold(seats: Iterable<Seat>, { to, minute }: Encoded): boolean {
  let areAll = minute !== null
  for (const seat of seats) {
    if (minute !== null && seat.told === to) seat.count(minute)
    else areAll = false
  }
  return areAll
}
