import { once } from 'node:events'
import { WebSocket } from 'ws'
import type { Exchange } from '../../simulator/exchange.ts'
import { signedHeaders } from './signing.ts'

/** A frame as it came, with the fields that these tests look at. */
export type Frame = {
  type: string
  id?: number
  sid?: number
  seq?: number
  msg: {
    channel?: string
    sid?: number
    code?: number
    msg?: string
    market_ticker?: string
    market_id?: string
    market_tickers?: string[]
    yes_dollars_fp?: [string, string][]
    no_dollars_fp?: [string, string][]
    price_dollars?: string
    delta_fp?: string
    side?: 'yes' | 'no'
    ts?: string
    ts_ms?: number
    event_type?: string
    yes_price_dollars?: string
    no_price_dollars?: string
    count_fp?: string
    taker_outcome_side?: 'yes' | 'no'
    yes_bid_dollars?: string
    yes_ask_dollars?: string
    yes_bid_size_fp?: string
    yes_ask_size_fp?: string
    trade_id?: string
    is_block_trade?: boolean
    event_ticker?: string
    fee_type_override?: string | null
    fee_multiplier_override?: number | null
    is_deactivated?: boolean
    result?: string
    settlement_value?: string
  }
}

/** What one must know of an exchange to be let in. */
export type Door = Pick<Exchange, 'wsUrl' | 'keyId' | 'privateKeyPem'>

/** A signed connection to the exchange that keeps all that it hears. */
export class Connection {
  readonly ws: WebSocket
  readonly frames: Frame[] = []
  readonly texts: string[] = []
  readonly pings: string[] = []
  #read = 0
  #commands = 1000
  #wake: (() => void) | undefined

  constructor(ws: WebSocket) {
    this.ws = ws
    ws.on('ping', (payload) => this.pings.push(payload.toString()))
    ws.on('message', (data) => {
      this.texts.push(data.toString())
      try {
        this.frames.push(JSON.parse(data.toString()))
      } catch {
        this.frames.push({ type: 'unreadable', msg: {} })
      }
      this.#wake?.()
    })
    ws.on('close', () => this.#wake?.())
    ws.on('error', () => {})
  }

  send(command: unknown): void {
    this.ws.send(typeof command === 'string' ? command : JSON.stringify(command))
  }

  /** The next frame, from where the last call left off, that fits. */
  async next(fits: (frame: Frame) => boolean): Promise<Frame> {
    for (;;) {
      while (this.#read < this.frames.length) {
        const frame = this.frames[this.#read]
        this.#read += 1
        if (frame !== undefined && fits(frame)) return frame
      }
      if (this.ws.readyState !== WebSocket.OPEN) throw new Error('the connection is over')
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  nextOf(type: string): Promise<Frame> {
    return this.next((frame) => frame.type === type)
  }

  /** Sends a command and gives the first frame that bears its id. */
  ask(command: Record<string, unknown>): Promise<Frame> {
    this.#commands += 1
    const id = this.#commands
    this.send({ id, ...command })
    return this.next((frame) => frame.id === (command['id'] ?? id))
  }

  /** Waits until everything that the exchange sent so far has come. */
  async settled(): Promise<void> {
    await this.ask({ cmd: 'list_subscriptions' })
  }

  subscribe(tickers: readonly string[], rest: Record<string, unknown> = {}): Promise<Frame> {
    const params = { channels: ['orderbook_delta'], market_tickers: tickers, ...rest }
    return this.ask({ cmd: 'subscribe', params })
  }
}

/** Opens a signed connection. */
export async function connect(exchange: Door): Promise<Connection> {
  const ws = new WebSocket(exchange.wsUrl, { headers: signedHeaders(exchange) })
  const connection = new Connection(ws)
  await once(ws, 'open')
  return connection
}
