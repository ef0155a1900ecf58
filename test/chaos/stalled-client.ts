import { randomBytes } from 'node:crypto'
import { connect, type Socket } from 'node:net'

/** Opcode of a close frame (RFC 6455 §5.5.1). */
const CLOSE = 8

/**
 * A client that subscribes and then reads nothing more: a plain TCP socket, because `ws` reads on even while it is paused.
 */
export class StalledClient {
  readonly #socket: Socket
  readonly #chunks: Buffer[] = []
  readonly #ended: Promise<void>

  constructor(url: string, apiKey: string, subscribe: object) {
    const { hostname, port, pathname, host } = new URL(url)
    this.#socket = connect(Number(port), hostname)
    this.#ended = new Promise((resolve) => this.#socket.once('close', () => resolve()))
    this.#socket.on('error', () => {})
    this.#socket.on('data', (chunk: Buffer) => this.#chunks.push(chunk))
    this.#socket.write(
      [
        `GET ${pathname} HTTP/1.1`,
        `Host: ${host}`,
        'Upgrade: websocket',
        'Connection: Upgrade',
        'Sec-WebSocket-Version: 13',
        `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}`,
        `Authorization: Bearer ${apiKey}`,
        '\r\n',
      ].join('\r\n'),
    )
    this.#socket.once('data', () => {
      this.#socket.write(frame(JSON.stringify({ op: 'subscribe', id: 1, ...subscribe })))
      this.#socket.pause()
    })
  }

  /** Reads all that was kept for it. @returns the code with which it was closed; null when it was not, within `patienceMs` */
  async resume(patienceMs: number): Promise<number | null> {
    this.#socket.resume()
    const timer = setTimeout(() => this.#socket.destroy(), patienceMs)
    await this.#ended
    clearTimeout(timer)
    return closeCode(Buffer.concat(this.#chunks))
  }

  stop(): void {
    this.#socket.destroy()
  }
}

/** A masked text frame, as clients send it. */
function frame(text: string): Buffer {
  const payload = Buffer.from(text)
  const mask = randomBytes(4)
  const head =
    payload.length < 126
      ? Buffer.from([0x81, 0x80 | payload.length])
      : Buffer.from([0x81, 0xfe, payload.length >> 8, payload.length & 255])
  const masked = payload.map((byte, i) => byte ^ (mask[i % 4] ?? 0))
  return Buffer.concat([head, mask, masked])
}

/** The code of the close frame that ends what a server sent; null when there is none. */
function closeCode(bytes: Buffer): number | null {
  let at = bytes.indexOf('\r\n\r\n') + 4
  while (at + 2 <= bytes.length) {
    const opcode = (bytes[at] ?? 0) & 15
    let length = (bytes[at + 1] ?? 0) & 127
    at += 2
    if (length === 126) {
      length = bytes.readUInt16BE(at)
      at += 2
    } else if (length === 127) {
      length = Number(bytes.readBigUInt64BE(at))
      at += 8
    }
    if (opcode === CLOSE && length >= 2) return bytes.readUInt16BE(at)
    at += length
  }
  return null
}
