import { WebSocket } from 'ws'
import type { Ladders } from '#core/log'
import { LiveStream } from '../../client/live.ts'
import type { SocketLike } from '../../client/socket.ts'
import type { Selection } from '../../client/subscriptions.ts'
import type { Random } from '../../simulator/random.ts'
import type { LiveClient, LivePlan } from './live-client.ts'
import { LiveFollower } from './live-follower.ts'

/** The reference client, as a customer uses it; all that goes over its sockets is followed beside it. */
export class ReferenceClient implements LiveClient {
  readonly plan: LivePlan
  readonly follower: LiveFollower
  readonly ends: Record<string, number> = {}
  readonly #stream: LiveStream
  readonly #random: Random
  readonly #headers: Record<string, string>
  #socket: WebSocket | null = null
  readonly #done: Promise<void>

  constructor(plan: LivePlan, url: string, apiKey: string, random: Random) {
    this.plan = plan
    this.follower = new LiveFollower(plan)
    this.#random = random
    this.#headers = { authorization: `Bearer ${apiKey}` }
    const [market = ''] = plan.markets
    this.#stream = new LiveStream({
      url,
      ...(plan.path === '/v1/stream' ? {} : { market }),
      open: (address) => this.#open(address),
      random: () => random.next(),
    })
    const channels = plan.channels as NonNullable<Selection['channels']>
    for (const words of plan.subscriptions) this.#stream.subscribe({ ...words, channels })
    this.#done = this.#read()
  }

  get ready(): boolean {
    return this.#stream.healthy
  }

  /** What the reference client itself holds of a market. */
  own(market: string): Ladders | null {
    return this.#stream.book(market)?.ladders() ?? null
  }

  disconnect(): void {
    this.#socket?.terminate()
  }

  fidget(): void {
    this.#stream.resync(this.#random.pick(this.plan.markets))
  }

  async stop(): Promise<void> {
    this.#stream.close()
    this.#socket?.terminate()
    await this.#done
  }

  async #read(): Promise<void> {
    const trades = new Set<string>()
    for await (const event of this.#stream) {
      if (event.type === 'trade') {
        if (trades.has(event.trade_id)) this.#wrong(`trade ${event.trade_id} was told twice`)
        trades.add(event.trade_id)
      }
      if (event.type === 'behind') this.#count('client_behind')
      if (event.type === 'resync')
        this.#wrong(`${event.market} had to begin anew by ${event.cause}`)
      if (event.type === 'stopped') this.#wrong(`stopped: ${event.cause} ${event.message}`)
    }
  }

  #open(address: string): SocketLike {
    const socket = new WebSocket(address, { headers: this.#headers, perMessageDeflate: false })
    this.#socket = socket
    let open = false
    const end = (how: string) => {
      if (!open) return
      open = false
      this.#count(how)
      this.follower.closed()
    }
    socket.on('open', () => {
      open = true
      this.follower.opened()
    })
    socket.on('message', (data) => {
      if (open) this.follower.take(String(data))
    })
    socket.on('close', (code) => end(`closed_${code}`))
    socket.on('error', ({ message }) => {
      if (!open) this.#count(message)
    })
    return {
      send: (text) => {
        this.follower.said(text)
        socket.send(text)
      },
      // What comes after it is not heard.
      close: (code) => {
        end('closed_by_client')
        socket.close(code)
      },
      addEventListener: (type, hear) => {
        // Each gives its listener what SocketEvent may have.
        socket.addEventListener(type as 'close', (event) => hear(event))
      },
    }
  }

  #count(what: string): void {
    this.ends[what] = (this.ends[what] ?? 0) + 1
  }

  #wrong(what: string): void {
    this.follower.problems.push(`the client: ${what}`)
  }
}
