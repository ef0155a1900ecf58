import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type WebSocket, WebSocketServer } from 'ws'
import type { StreamServer } from './stream-server.ts'

/** What a host answers to who asks for a ticket or a socket; null when it lets them. */
type Refusal = { readonly status: number; readonly message: string } | null

/** A real HTTP and websocket server before a StreamServer, on a free port. */
export class StreamHost {
  readonly sockets = new Set<WebSocket>()
  /** Path, subprotocols and key of each upgrade that was let through. */
  readonly upgrades: {
    readonly path: string
    readonly protocols: string
    readonly authorization: string | undefined
  }[] = []
  /** Bodies of those who asked for tickets. */
  readonly asked: unknown[] = []
  refuseTicket: Refusal = null
  refuseUpgrade: Refusal = null
  #http: Server | null = null

  readonly #stream: StreamServer

  constructor(stream: StreamServer) {
    this.#stream = stream
  }

  get url(): string {
    const { port } = (this.#http?.address() ?? { port: 0 }) as AddressInfo
    return `http://127.0.0.1:${port}`
  }

  async start(): Promise<void> {
    const wss = new WebSocketServer({ noServer: true, handleProtocols: () => 'kb.v1' })
    const http = createServer(async (request, response) => {
      const body: Buffer[] = []
      for await (const chunk of request) body.push(chunk as Buffer)
      this.asked.push({
        path: request.url,
        key: request.headers.authorization,
        ...JSON.parse(Buffer.concat(body).toString()),
      })
      const { status = 200, message = '' } = this.refuseTicket ?? {}
      const ticket = `kbt_${this.asked.length}`
      response.writeHead(status, { 'content-type': 'application/json' })
      response.end(JSON.stringify(status === 200 ? { data: { ticket } } : { error: { message } }))
    })
    http.on('upgrade', (request: IncomingMessage, socket, head) => {
      if (this.refuseUpgrade !== null) {
        socket.end(`HTTP/1.1 ${this.refuseUpgrade.status} No\r\nConnection: close\r\n\r\n`)
        return
      }
      wss.handleUpgrade(request, socket, head, (ws) => this.#serve(ws, request))
    })
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
    this.#http = http
  }

  /** Cuts every socket, without a word when no code is given. */
  cut(code?: number, reason?: string): void {
    for (const ws of this.sockets) {
      if (code === undefined) ws.terminate()
      else ws.close(code, reason)
    }
  }

  async stop(): Promise<void> {
    this.cut()
    await new Promise((resolve) => this.#http?.close(resolve))
  }

  #serve(ws: WebSocket, request: IncomingMessage): void {
    const path = request.url ?? ''
    const { authorization, 'sec-websocket-protocol': protocols = '' } = request.headers
    this.upgrades.push({ path, protocols, authorization })
    this.sockets.add(ws)
    const only = /^\/v1\/markets\/([^/]+)\/stream$/.exec(path)?.[1] ?? null
    const { hear, gone } = this.#stream.connect((message) => ws.send(JSON.stringify(message)), only)
    ws.on('message', (data) => hear(String(data)))
    ws.on('close', () => {
      this.sockets.delete(ws)
      gone()
    })
  }
}
