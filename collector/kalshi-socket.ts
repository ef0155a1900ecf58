import type { IncomingMessage } from 'node:http'
import { WebSocket } from 'ws'
import { type Credentials, signatureHeaders } from './signature.ts'

/** The exchange sends no message larger than this. */
const FRAME_BYTES = 64 * 1024 * 1024

export type KalshiSocketEvents = {
  readonly open: () => void
  readonly frame: (text: string) => void
  /** Once, and the last: the handshake was refused, or the connection ended. */
  readonly ended: (reason: string) => void
}

/** One signed websocket connection to the exchange, until it ends. */
export class KalshiSocket {
  readonly #ws: WebSocket
  #ended = false
  readonly #events: KalshiSocketEvents

  constructor(
    address: string,
    credentials: Credentials,
    handshakeMs: number,
    events: KalshiSocketEvents,
  ) {
    this.#events = events
    const headers = signatureHeaders(credentials, 'GET', new URL(address), Date.now())
    this.#ws = new WebSocket(address, {
      headers,
      handshakeTimeout: handshakeMs,
      maxPayload: FRAME_BYTES,
      followRedirects: false,
    })
    this.#ws.on('open', () => this.#live() && events.open())
    this.#ws.on('message', (data, binary) => {
      if (this.#live()) events.frame(binary ? '' : String(data))
    })
    this.#ws.on('unexpected-response', (_request, response) => this.#refused(response))
    this.#ws.on('error', (error) => this.end(error.message))
    this.#ws.on('close', (code) => this.end(`closed ${code}`))
  }

  send(text: string): void {
    if (this.#live() && this.#ws.readyState === WebSocket.OPEN) this.#ws.send(text)
  }

  /** Drops the connection at once; nothing of it is heard afterwards. */
  end(reason: string): void {
    if (this.#ended) return
    this.#ended = true
    this.#ws.terminate()
    this.#events.ended(reason)
  }

  #refused(response: IncomingMessage): void {
    response.destroy()
    this.end(`handshake answered ${response.statusCode ?? 'nothing'}`)
  }

  #live(): boolean {
    return !this.#ended
  }
}
