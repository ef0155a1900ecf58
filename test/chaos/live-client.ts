import { setTimeout as sleep } from 'node:timers/promises'
import { WebSocket } from 'ws'
import type { Ladders } from '#core/log'
import type { Selection } from '../../client/subscriptions.ts'
import type { Random } from '../../simulator/random.ts'
import { LiveFollower, type Shown } from './live-follower.ts'

/** What one client follows, and how. */
export type LivePlan = Shown & {
  readonly name: string
  /** Of the stream: `/v1/stream`, or that of one market. */
  readonly path: string
  /** The markets that it follows. */
  readonly markets: readonly string[]
  readonly channels: readonly string[]
  /** Its subscriptions, but for their channels, as the reference client is given them. */
  readonly subscriptions: readonly Selection[]
  /** Whether it uses the reference client. */
  readonly reference: boolean
}

export type LiveClient = {
  readonly plan: LivePlan
  readonly follower: LiveFollower
  /** How its connections ended, and what refused it, with how often. */
  readonly ends: Readonly<Record<string, number>>
  /** Whether it is connected and has got every initial book. */
  readonly ready: boolean
  /** What it holds of a market by itself, besides what its follower makes of its messages. */
  readonly own?: (market: string) => Ladders | null
  /** Breaks its connection, which it opens again. */
  disconnect(): void
  /** Asks for something that changes nothing in what it follows. */
  fidget(): void
  stop(): Promise<void>
}

/** A trade is resumed from so much before the last that came, µs: the order of trades is not promised. */
const TRADES_AGAIN_US = 2_000_000

/** A client that does what wire §3 tells a client to do, and nothing more. */
export class PlainClient implements LiveClient {
  readonly plan: LivePlan
  readonly follower: LiveFollower
  readonly ends: Record<string, number> = {}
  readonly #url: string
  readonly #apiKey: string
  readonly #random: Random
  #socket: WebSocket | null = null
  #waiting = 0
  #connected = false
  #running = true
  readonly #done: Promise<void>

  constructor(plan: LivePlan, socketUrl: string, apiKey: string, random: Random) {
    this.plan = plan
    this.follower = new LiveFollower(plan)
    this.#url = socketUrl + plan.path
    this.#apiKey = apiKey
    this.#random = random
    this.follower.onReady = () => {
      this.#waiting -= 1
    }
    this.#done = this.#run()
  }

  get ready(): boolean {
    return this.#connected && this.#waiting === 0
  }

  disconnect(): void {
    if (this.#random.chance(0.3)) this.#socket?.close()
    else this.#socket?.terminate()
  }

  fidget(): void {
    if (!this.ready) return
    const { channels, markets } = this.plan
    const resyncs = channels.includes('book') && this.#random.chance(0.7)
    const resync = { op: 'resync', market: this.#random.pick(markets) }
    this.#say(resyncs ? resync : { op: 'ping' })
  }

  async stop(): Promise<void> {
    this.#running = false
    this.#socket?.terminate()
    await this.#done
  }

  async #run(): Promise<void> {
    while (this.#running) {
      await this.#connection()
      const patience = this.#random.chance(0.8) ? 700 : 4000
      if (this.#running) await sleep(50 + this.#random.below(patience))
    }
  }

  /** One connection, from its opening to its end. */
  #connection(): Promise<void> {
    const socket = new WebSocket(this.#url, {
      headers: { authorization: `Bearer ${this.#apiKey}` },
      perMessageDeflate: false,
      handshakeTimeout: 10_000,
    })
    this.#socket = socket
    socket.on('open', () => this.#subscribe())
    socket.on('message', (data) => this.follower.take(String(data)))
    socket.on('unexpected-response', (_, answer) => {
      this.#count(`refused_${answer.statusCode}`)
      socket.terminate()
    })
    socket.on('error', () => {})
    return new Promise((resolve) => {
      socket.on('close', (code) => {
        if (this.#connected) this.#count(`closed_${code}`)
        this.#connected = false
        this.follower.closed()
        resolve()
      })
    })
  }

  #subscribe(): void {
    this.follower.opened()
    this.#connected = true
    this.#waiting = this.plan.subscriptions.length
    const resumes = this.#random.chance(0.75)
    const all = this.follower.resume()
    const resume = resumes && Object.keys(all).length > 0 ? { resume: all } : {}
    const { lastUs } = this.follower.trades
    const trades =
      resumes && lastUs !== null && this.plan.channels.includes('trade')
        ? { resume_trades_us: lastUs - TRADES_AGAIN_US }
        : {}
    const { channels } = this.plan
    for (const [i, { conflateMs, ...what }] of this.plan.subscriptions.entries()) {
      const conflate = conflateMs === undefined ? {} : { conflate_ms: conflateMs }
      const subscription = { channels, ...what, ...conflate, ...resume, ...trades }
      this.#say({ op: 'subscribe', id: i + 1, ...subscription })
    }
  }

  #say(message: object): void {
    const raw = JSON.stringify(message)
    this.follower.said(raw)
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(raw)
  }

  #count(what: string): void {
    this.ends[what] = (this.ends[what] ?? 0) + 1
  }
}
