import { z } from 'zod'
import type { Ticker } from '#core/ticker'
import type { FeedItem } from '#core/wire/feed'
import { type FromGateway, fromGateway, type ToGateway } from '#core/wire/gateway-feed'
import { GATEWAY_HEADER, STREAM_HEADERS } from './stream-headers.ts'

/** Tells the Gateways' sockets of a shard from its collector's. */
export const GATEWAY_TAG = 'gateway'
/** A Gateway's message is not longer, characters. */
const MESSAGE_CHARACTERS = 1024 * 1024
/** A Gateway with more than this unsent (bytes) is cut off: it comes again and begins with images. */
const UNSENT_BYTES = 16 * 1024 * 1024
/** Close codes: it comes again at once; what it said has no known shape (RFC 6455 §7.4.1, policy violation). */
const CLOSE = { behind: 1013, unreadable: 1008, replaced: 1000 } as const

const kept = z.object({ gateway: z.string(), id: z.string(), paid: z.boolean() })
/** A Gateway's socket: whose it is, its own id, and whether its account pays. */
export type GatewaySocket = z.infer<typeof kept>

/** Reads what a Gateway said; null for what is too long, binary, no JSON or of no known shape. */
export function readGatewayMessage(raw: string | ArrayBuffer): FromGateway | null {
  if (typeof raw !== 'string' || raw.length > MESSAGE_CHARACTERS) return null
  try {
    const message = fromGateway.safeParse(JSON.parse(raw))
    return message.success ? message.data : null
  } catch {
    return null
  }
}

/** The sockets of the Gateways that follow markets of a shard. */
export class GatewaySockets {
  readonly #open = new Map<WebSocket, GatewaySocket>()
  readonly #sockets = new Map<string, WebSocket>()
  /** Those that were cut off, or are gone: their close may never be heard of. */
  readonly #cut = new Set<WebSocket>()

  /** @param sockets those that outlived their object's memory */
  constructor(sockets: readonly WebSocket[]) {
    for (const socket of sockets) {
      const known = kept.safeParse(socket.deserializeAttachment())
      if (known.success) this.#keep(socket, known.data)
    }
  }

  /** The ids of the open sockets, and whether each pays. */
  get paying(): ReadonlyMap<string, boolean> {
    return new Map([...this.#open.values()].map(({ id, paid }) => [id, paid]))
  }

  /** Sockets that are sent nothing more, and are to be forgotten. */
  get cut(): readonly WebSocket[] {
    return [...this.#cut]
  }

  of(socket: WebSocket): GatewaySocket | null {
    return this.#open.get(socket) ?? null
  }

  /**
   * Takes a Gateway's socket. @returns it, and the one that it had before
   * @param request made by the Gateway itself
   */
  open(
    socket: WebSocket,
    request: Request,
  ): { readonly opened: GatewaySocket; readonly before: WebSocket | null } {
    const gateway = request.headers.get(GATEWAY_HEADER) ?? ''
    const paid = request.headers.get(STREAM_HEADERS.plan) !== 'free'
    const opened = { gateway, id: crypto.randomUUID(), paid }
    const [before] = [...this.#open].find(([, each]) => each.gateway === gateway) ?? [null]
    socket.serializeAttachment(opened)
    this.#keep(socket, opened)
    return { opened, before }
  }

  /** Closes a socket and forgets it. */
  close(socket: WebSocket, why: keyof typeof CLOSE): void {
    this.forget(socket)
    try {
      socket.close(CLOSE[why], why)
    } catch {
      // Closed meanwhile.
    }
  }

  forget(socket: WebSocket): void {
    const known = this.#open.get(socket)
    this.#open.delete(socket)
    this.#cut.delete(socket)
    if (known !== undefined) this.#sockets.delete(known.id)
  }

  /** Tells one Gateway. */
  say({ id }: GatewaySocket, message: ToGateway): void {
    this.#send(id, JSON.stringify(message))
  }

  /** Tells every Gateway, whatever it follows. */
  sayAll(message: ToGateway): void {
    const text = JSON.stringify(message)
    for (const id of [...this.#sockets.keys()]) this.#send(id, text)
  }

  /** Hands items on to those who declared their markets, in order; each item is encoded once. */
  forward(
    items: readonly FeedItem[],
    followersOf: (market: Ticker) => ReadonlySet<string> | null,
  ): void {
    const batches = new Map<string, string[]>()
    for (const item of items) {
      const followers = followersOf(item.m as Ticker)
      if (followers === null) continue
      const text = JSON.stringify(item)
      for (const id of followers) {
        const batch = batches.get(id)
        if (batch === undefined) batches.set(id, [text])
        else batch.push(text)
      }
    }
    for (const [id, texts] of batches) this.#send(id, `{"items":[${texts.join(',')}]}`)
  }

  #keep(socket: WebSocket, opened: GatewaySocket): void {
    this.#open.set(socket, opened)
    this.#sockets.set(opened.id, socket)
  }

  #send(id: string, text: string): void {
    const socket = this.#sockets.get(id)
    if (socket === undefined || this.#cut.has(socket)) return
    // Runtimes before 2026-11-17 do not tell.
    const unsent = (socket as Partial<WebSocket>).bufferedAmount ?? 0
    try {
      if (unsent <= UNSENT_BYTES) {
        socket.send(text)
        return
      }
      this.#cut.add(socket)
      socket.close(CLOSE.behind, 'behind')
    } catch {
      this.#cut.add(socket)
    }
  }
}
