import { EventEmitter } from 'node:events'
import { connect as connectTcp, isIP, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'

export type StoreTarget = {
  readonly host: string
  readonly port: number
  /** As libpq's sslmode: `require` encrypts, `verify-full` also checks the certificate. */
  readonly tls: 'off' | 'require' | 'verify-full'
  /** A statement that gets no answer for so long, ms, ends the connection. */
  readonly silenceMs: number
}

/** PostgreSQL's SSLRequest: https://www.postgresql.org/docs/17/protocol-message-formats.html */
const SSL_REQUEST = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47])

/**
 * The socket that postgres.js is given in place of its own. postgres.js 3.4.9 throws out of a timer, or loses the place in
 * its pool for ever, when it writes to a connection that has closed (https://github.com/porsager/postgres/issues/1208). So this
 * one never tells it of a close that it did not ask for: what is written to a dead connection fails, each time, as an error
 * of its statement, and `onDeath` lets the owner end the whole pool and then release this. It also sets TCP_NODELAY, which postgres.js does not.
 */
export class StoreSocket extends EventEmitter {
  readonly #target: StoreTarget
  readonly #onDeath: () => void
  #inner: Socket
  /** Written before the connection stands; null from then on. */
  #early: Buffer[] | null = []
  #state: 'alive' | 'ending' | 'dead' = 'alive'
  #unanswered = false

  constructor(target: StoreTarget, onDeath: () => void) {
    super()
    this.#target = target
    this.#onDeath = onDeath
    const { host, port } = target
    this.#inner = connectTcp({ host, port, noDelay: true, keepAlive: true })
    this.#inner.once('connect', () => {
      if (target.tls === 'off') this.#begin()
      else this.#askForTls()
    })
    this.#watch(this.#inner)
  }

  get readyState(): 'open' | 'closed' {
    return this.#state === 'alive' ? 'open' : 'closed'
  }

  write(chunk: Buffer): boolean {
    if (this.#state === 'dead') {
      setImmediate(() => this.#fail(new Error('the connection to the store is gone')))
      return true
    }
    this.#unanswered = true
    if (this.#early === null) return this.#inner.write(chunk)
    this.#early.push(chunk)
    return true
  }

  /** A close that postgres.js asks for is told to it. */
  end(chunk?: Buffer): void {
    if (this.#state !== 'alive') return
    this.#state = 'ending'
    this.#inner.once('close', () => this.emit('close', false))
    if (this.#early === null) this.#inner.end(chunk ?? '')
    else this.#inner.destroy()
  }

  /** postgres.js gives up on a connection that does not come to stand. */
  destroy(): void {
    this.#die(new Error('the connection to the store was given up'))
  }

  /** Tells postgres.js of the close after all, once its pool is ended and writes nothing more. */
  release(): void {
    if (this.#state === 'dead') this.emit('close', false)
  }

  pause(): void {
    this.#inner.pause()
  }

  resume(): void {
    this.#inner.resume()
  }

  #watch(inner: Socket): void {
    inner.on('error', (error) => this.#die(error))
    inner.on('close', () => this.#die(new Error('the store closed the connection')))
    inner.setTimeout(this.#target.silenceMs, () => {
      if (this.#unanswered) this.#die(new Error('the store does not answer'))
    })
  }

  #begin(): void {
    const early = this.#early ?? []
    this.#early = null
    this.#inner.on('data', (chunk: Buffer) => {
      this.#unanswered = false
      this.emit('data', chunk)
    })
    this.#inner.on('drain', () => this.emit('drain'))
    for (const chunk of early) this.#inner.write(chunk)
  }

  #askForTls(): void {
    const { host, tls } = this.#target
    const plain = this.#inner
    plain.once('data', (answer: Buffer) => {
      // More than the one byte could only come from somebody between us and the server.
      if (answer.toString('latin1') !== 'S') {
        this.#die(new Error('the store refuses TLS'))
        return
      }
      plain.removeAllListeners('timeout')
      this.#inner = connectTls({
        socket: plain,
        rejectUnauthorized: tls === 'verify-full',
        ...(isIP(host) === 0 ? { servername: host } : {}),
      })
      this.#inner.once('secureConnect', () => this.#begin())
      this.#watch(this.#inner)
    })
    plain.write(SSL_REQUEST)
  }

  #die(error: Error): void {
    if (this.#state !== 'alive') return
    this.#state = 'dead'
    this.#inner.destroy()
    this.#onDeath()
    this.#fail(error)
  }

  #fail(error: Error): void {
    const stated = Object.assign(error, { code: 'CONNECTION_CLOSED' })
    if (this.listenerCount('error') > 0) this.emit('error', stated)
  }
}
