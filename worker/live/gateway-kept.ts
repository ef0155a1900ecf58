/** What a connection's socket keeps while its object is away. */
export type Kept = {
  readonly connection: string
  readonly plan: string
  readonly key: string
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
