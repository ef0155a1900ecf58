/** As much of a WebSocket as is used; those of browsers, Node, Workers and the package ws are such. */
export type SocketLike = {
  send(text: string): void
  close(code?: number, reason?: string): void
  addEventListener(
    type: 'open' | 'message' | 'close' | 'error',
    hear: (event: SocketEvent) => void,
  ): void
}
/** What an event of a socket may tell. */
export type SocketEvent = {
  readonly type: string
  readonly data?: unknown
  readonly code?: number
  readonly reason?: string
  readonly message?: string
}

/** Opens a socket to an address, offering subprotocols (none, or `kb.v1` and a ticket). */
export type OpenSocket = (url: string, protocols: string[]) => SocketLike

/** Opens the platform's own WebSocket. */
export const platformSocket: OpenSocket = (url, protocols) => new WebSocket(url, protocols)

/** The status of an upgrade that was refused, when the socket tells it (the package ws does); else null. */
export function refusedStatus(message: string | undefined): number | null {
  const status = /server response: (\d{3})$/.exec(message ?? '')?.[1]
  return status === undefined ? null : Number(status)
}
