import { connect, createServer, type Server, type Socket } from 'node:net'

/** Stands between the collector and Postgres, and can make every statement take longer. */
export class PostgresRelay {
  /** How much later what a client sends reaches Postgres, ms. */
  delayMs = 0
  readonly #server: Server
  readonly #sockets = new Set<Socket>()

  /** @param target the address of Postgres */
  constructor(target: string) {
    const { hostname: host, port } = new URL(target)
    this.#server = createServer((client) => this.#pair(client, connect(Number(port), host)))
  }

  /** Listens, and answers the address at which an address of Postgres is reached through it. */
  async open(): Promise<(address: string) => string> {
    await new Promise<void>((done) => this.#server.listen(0, '127.0.0.1', done))
    const listening = this.#server.address()
    const port = listening !== null && typeof listening === 'object' ? listening.port : 0
    return (address) => {
      const url = new URL(address)
      url.port = String(port)
      return url.href
    }
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy()
    this.#server.close()
  }

  #pair(client: Socket, server: Socket): void {
    let turn = Promise.resolve()
    client.on('data', (bytes) => {
      if (this.delayMs === 0) {
        // What was delayed before it goes first.
        turn = turn.then(() => void server.write(bytes))
        return
      }
      const due = new Promise<void>((done) => setTimeout(done, this.delayMs))
      turn = turn.then(() => due).then(() => void server.write(bytes))
    })
    server.on('data', (bytes) => client.write(bytes))
    for (const [one, other] of [
      [client, server],
      [server, client],
    ] as const) {
      this.#sockets.add(one)
      one.setNoDelay(true)
      one.on('error', () => one.destroy())
      one.on('close', () => {
        this.#sockets.delete(one)
        other.destroy()
      })
    }
  }
}
