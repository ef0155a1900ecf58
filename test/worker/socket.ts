import { env, exports } from 'cloudflare:workers'
import { expect } from 'vitest'

type Message = Record<string, unknown>

/** How long a message may be on its way, ms: more than the two seconds that the store is given, on a machine that stands still. */
const PATIENCE_MS = 10_000

/** A websocket of a test, with what came over it. */
export class TestSocket {
  /** All that came, in order. */
  readonly messages: Message[] = []
  readonly #socket: WebSocket
  readonly #closed = Promise.withResolvers<{ code: number; reason: string }>()
  #read = 0
  #wake: () => void = () => {}

  constructor(socket: WebSocket, hear: (message: Message, self: TestSocket) => void = () => {}) {
    this.#socket = socket
    socket.addEventListener('message', (event) => {
      const message = JSON.parse(String(event.data)) as Message
      this.messages.push(message)
      hear(message, this)
      this.#wake()
    })
    socket.addEventListener('close', ({ code, reason }) => this.#closed.resolve({ code, reason }))
    socket.accept()
  }

  /** Whether neither side has closed it. */
  get isOpen(): boolean {
    return this.#socket.readyState === WebSocket.OPEN
  }

  /** How it was closed by the other side. */
  get closed(): Promise<{ code: number; reason: string }> {
    return this.#closed.promise
  }

  send(message: unknown): void {
    this.#socket.send(typeof message === 'string' ? message : JSON.stringify(message))
  }

  sendBytes(bytes: Uint8Array): void {
    this.#socket.send(bytes)
  }

  close(): void {
    this.#socket.close(1000)
  }

  /** The next message that was not read yet. Throws when none comes within `patienceMs`. */
  async next(patienceMs = PATIENCE_MS): Promise<Message> {
    const deadline = Date.now() + patienceMs
    while (this.#read >= this.messages.length) {
      const left = deadline - Date.now()
      if (left <= 0) throw new Error('no message came')
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left)
        this.#wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
    this.#read += 1
    return this.messages[this.#read - 1] ?? {}
  }

  /** Reads on to the next message that has this field, or this value of it. */
  async nextWith(field: string, value?: unknown, patienceMs = PATIENCE_MS): Promise<Message> {
    for (;;) {
      const message = await this.next(patienceMs)
      if (field in message && (value === undefined || message[field] === value)) return message
    }
  }
}

/** All messages of a type that came over a websocket, in order. */
export function ofType({ messages }: TestSocket, type: string): Message[] {
  return messages.filter((message) => message['type'] === type)
}

/** Opens a websocket of the Worker's; it must be taken. */
export async function openSocket(
  path: string,
  headers: Record<string, string>,
  hear?: (message: Message, self: TestSocket) => void,
): Promise<TestSocket> {
  const request = new Request(`https://kalshibook.test${path}`, {
    headers: { Upgrade: 'websocket', ...headers },
  })
  const { status, webSocket } = await exports.default.fetch(request)
  expect(status).toBe(101)
  if (webSocket === null) throw new Error('no websocket')
  return new TestSocket(webSocket, hear)
}

/** Markets' streams that are open. */
const streams: TestSocket[] = []

/** Closes the markets' streams that were opened: an account may have so many. */
export function closeStreams(): void {
  for (const stream of streams.splice(0)) stream.close()
}

/** Opens a market's stream with a good key, and reads its welcome. */
export async function openStream(ticker: string): Promise<TestSocket> {
  const key = { 'X-API-Key': env.TEST_KEYS.good }
  const stream = await openSocket(`/v1/markets/${ticker}/stream`, key)
  streams.push(stream)
  expect(await stream.next()).toMatchObject({ type: 'welcome', plan: 'pro' })
  return stream
}
