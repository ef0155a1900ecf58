import { WebSocket } from 'ws'
import { type ServerMessage, serverMessage } from '#core/wire/stream'
import type { PlainRecord } from './plain-fold.ts'

/** A customer's socket on one market's stream; every message is checked against the wire's schema. */
export class Subscriber {
  readonly market: string
  readonly messages: ServerMessage[] = []
  /** When each message came, wall clock in µs. */
  readonly receivedUs: number[] = []
  readonly closed: Promise<number>
  readonly #ws: WebSocket

  constructor(socketUrl: string, market: string, apiKey: string) {
    this.market = market
    this.#ws = new WebSocket(`${socketUrl}/v1/markets/${encodeURIComponent(market)}/stream`, {
      headers: { authorization: `Bearer ${apiKey}` },
      perMessageDeflate: false,
    })
    this.#ws.on('message', (data) => {
      this.receivedUs.push((performance.timeOrigin + performance.now()) * 1000)
      this.messages.push(serverMessage.parse(JSON.parse(String(data))))
    })
    this.closed = new Promise((resolve) => this.#ws.on('close', (code) => resolve(code)))
    this.#ws.on('error', () => {})
  }

  async subscribe(resume?: number): Promise<void> {
    if (this.#ws.readyState !== WebSocket.OPEN) {
      await new Promise((resolve, reject) => {
        this.#ws.once('open', resolve)
        this.#ws.once('error', reject)
      })
    }
    const from = resume === undefined ? {} : { resume: { [this.market]: resume } }
    this.send({ op: 'subscribe', id: 1, channels: ['book'], ...from })
  }

  send(message: object): void {
    this.#ws.send(JSON.stringify(message))
  }

  get ready(): boolean {
    return this.messages.some(({ type }) => type === 'ready')
  }

  /** Records received, images left out, each as REST would list it. */
  records(): PlainRecord[] {
    return this.messages.flatMap((message): PlainRecord[] => {
      if (message.type === 'deltas') {
        return message.d.map(([side, price, change, size, event_us, recv_us], i) => ({
          type: 'delta',
          seq: message.seq[0] + i,
          side,
          price,
          change: change ?? '',
          size,
          event_us,
          recv_us,
        }))
      }
      if (message.type === 'end') return [{ ...message }]
      if (message.type === 'gap' && 'seq' in message) return [{ ...message }]
      if (message.type === 'snapshot' && !message.image) return [{ ...message }]
      return []
    })
  }

  close(): void {
    this.#ws.close()
  }
}
