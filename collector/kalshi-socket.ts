import type { IncomingMessage } from 'node:http'
import { WebSocket } from 'ws'
import { type Credentials, signatureHeaders } from './signature.ts'

/** The exchange sends no message larger than this. */
const FRAME_BYTES = 64 * 1024 * 1024
const NO_TEXT = Buffer.alloc(0)
/** Going away, and service restart: https://www.iana.org/assignments/websocket */
const RESTARTS = [1001, 1012]

export type KalshiSocketEvents = {
  readonly open: () => void
  /** One text frame; empty for a binary one. */
  readonly frame: (bytes: Buffer) => void
  /** A ping of the exchange's, or its answer to ours. */
  readonly pulse: () => void
  /**
   * Once, and the last: the handshake was refused, or the connection ended.
   * @param announced the exchange said that it restarts
   */
  readonly ended: (reason: string, announced: boolean) => void
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
      // Inflating each small frame on its own costs several times what reading it does.
      perMessageDeflate: false,
    })
    this.#ws.on('open', () => this.#live() && events.open())
    this.#ws.on('message', (data, binary) => {
      if (this.#live()) events.frame(binary || !Buffer.isBuffer(data) ? NO_TEXT : data)
    })
    this.#ws.on('ping', () => this.#live() && events.pulse())
    this.#ws.on('pong', () => this.#live() && events.pulse())
    this.#ws.on('unexpected-response', (_request, response) => this.#refused(response))
    this.#ws.on('error', (error) => this.end(error.message))
    this.#ws.on('close', (code) => this.#close(`closed ${code}`, RESTARTS.includes(code)))
  }

  send(text: string): void {
    if (this.#live() && this.#ws.readyState === WebSocket.OPEN) this.#ws.send(text)
  }

  ping(): void {
    if (this.#live() && this.#ws.readyState === WebSocket.OPEN) this.#ws.ping()
  }

  /** Drops the connection at once; nothing of it is heard afterwards. */
  end(reason: string): void {
    this.#close(reason, false)
  }

  #close(reason: string, announced: boolean): void {
    if (this.#ended) return
    this.#ended = true
    this.#ws.terminate()
    this.#events.ended(reason, announced)
  }

  #refused(response: IncomingMessage): void {
    response.destroy()
    this.end(`handshake answered ${response.statusCode ?? 'nothing'}`)
  }

  #live(): boolean {
    return !this.#ended
  }
}
