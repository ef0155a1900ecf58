import type { CountedMinutes } from '#core/market-minutes'
import type { StreamBounds } from '#core/stream-bounds'
import type { StreamLease } from './stream-lease.ts'

/** What a connection's socket keeps while its object is away. */
export type Kept = {
  /** By which its account knows it, and what it may; the lease's name is the connection's. */
  readonly lease: StreamLease
  /** What it may not go beyond, whatever its plan allows; null for nothing. */
  readonly bounds: StreamBounds | null
  /** What it was told in all when that was last said to its account. */
  readonly minutes: CountedMinutes
  /** The number of the subscription that was opened last. */
  readonly last: number
}

/** Keeps what is remembered of a socket. */
export function keep(socket: WebSocket, kept: Kept): void {
  try {
    socket.serializeAttachment(kept)
  } catch {
    // Closed meanwhile.
  }
}
