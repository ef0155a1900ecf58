import { connect } from 'cloudflare:sockets'
import { DatabaseAwayError, isAway } from './database.ts'
import {
  Inbox,
  type Message,
  passwordMessage,
  questionMessage,
  readCells,
  readErrorCode,
  readInt32,
  saslStart,
  startup,
  TERMINATE,
} from './postgres-messages.ts'
import { MECHANISM, Scram } from './scram.ts'
import type { Ask, Cells } from './store/ask.ts'

/** How long (ms) Postgres may take to let us in, and to answer all that one request asks. */
const CONNECT_MS = 3000
const DEADLINE_MS = 10_000

/** How many bytes a read may bring at first, and once one has brought as many. */
const READ_BYTES = { first: 2 ** 14, more: 2 ** 17 }

const bytes = new TextEncoder()
const text = new TextDecoder()
const addresses = new Map<string, Address>()

/**
 * Asks questions on a connection of this request's own, as none can outlive its request. It does the same as
 * postgres.js (worker/database.ts) for a fifth of the CPU: for the reads of which there are most, where making a client
 * and losing it again costs more than all else together.
 * @param connectionString from a Hyperdrive binding; null when the binding is missing
 * Throws DatabaseAwayError when Postgres is away or late, otherwise what `run` throws.
 */
export async function withLine<Result>(
  connectionString: string | null,
  run: (ask: Ask) => Promise<Result>,
): Promise<Result> {
  if (connectionString === null) throw new DatabaseAwayError('no database is configured')
  const line = new Line(addressOf(connectionString))
  let away = false
  const giveUp = () => {
    away = true
    line.cut()
  }
  let timer = setTimeout(() => {
    if (line.isOpen) timer = setTimeout(giveUp, DEADLINE_MS - CONNECT_MS)
    else giveUp()
  }, CONNECT_MS)
  try {
    await line.open()
    return await run((question) => line.ask(questionMessage(question)))
  } catch (error) {
    away ||= isAway(error)
    throw away ? new DatabaseAwayError('away or late', { cause: error }) : error
  } finally {
    clearTimeout(timer)
    if (away) line.cut()
    else line.goodbye()
  }
}

/** What Postgres refused to do; `code` is its SQLSTATE. */
export class PostgresRefusal extends Error {
  override readonly name = 'PostgresError'
  readonly code: string

  constructor(code: string) {
    super(`Postgres refused: ${code}`)
    this.code = code
  }
}

type Address = {
  readonly hostname: string
  readonly port: number
  readonly user: string
  readonly password: string
  readonly database: string
}

function addressOf(connectionString: string): Address {
  const known = addresses.get(connectionString)
  if (known !== undefined) return known
  const { hostname, port, username, password, pathname } = new URL(connectionString)
  const address = {
    hostname,
    port: port === '' ? 5432 : Number(port),
    user: decodeURIComponent(username),
    password: decodeURIComponent(password),
    database: decodeURIComponent(pathname.slice(1)),
  }
  addresses.set(connectionString, address)
  return address
}

class Line {
  readonly #address: Address
  readonly #socket: Socket
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>
  readonly #reader: ReadableStreamBYOBReader
  readonly #inbox = new Inbox()
  /** Lent to each read, which gives it back. */
  #buffer = new ArrayBuffer(READ_BYTES.first)
  #isOpen = false
  #turn: Promise<unknown> = Promise.resolve()

  constructor(address: Address) {
    this.#address = address
    this.#socket = connect({ hostname: address.hostname, port: address.port })
    this.#writer = this.#socket.writable.getWriter()
    // With a buffer of ours: without one a read brings 4 KiB at most.
    this.#reader = this.#socket.readable.getReader({ mode: 'byob' })
    // Its end is noticed by who reads.
    this.#socket.closed.catch(() => {})
  }

  /** Logs in. Throws PostgresRefusal when it may not, and as the network does. */
  async open(): Promise<void> {
    const { user, database } = this.#address
    await this.#socket.opened.catch((cause: unknown) => {
      throw new DatabaseAwayError('Postgres cannot be reached', { cause })
    })
    this.#say(startup(user, database))
    let scram: Scram | null = null
    for (;;) {
      const { letter, body } = await this.#next()
      if (letter === 'E') throw new PostgresRefusal(readErrorCode(body))
      if (letter === 'R') scram = await this.#prove(body, scram)
      this.#isOpen = letter === 'Z'
      if (this.#isOpen) return
    }
  }

  get isOpen(): boolean {
    return this.#isOpen
  }

  /** Sends a question, once those before it are answered, and reads its answer. Throws PostgresRefusal, and as the network does. */
  ask(question: Uint8Array): Promise<readonly Cells[]> {
    const answer = this.#turn.then(() => this.#answer(question))
    this.#turn = answer.catch(() => {})
    return answer
  }

  async #answer(question: Uint8Array): Promise<readonly Cells[]> {
    this.#say(question)
    const rows: Cells[] = []
    let refusal: PostgresRefusal | null = null
    for (;;) {
      const { letter, body } = this.#inbox.take() ?? (await this.#next())
      if (letter === 'D') rows.push(readCells(body))
      if (letter === 'E') refusal = new PostgresRefusal(readErrorCode(body))
      if (letter === 'Z') {
        if (refusal !== null) throw refusal
        return rows
      }
    }
  }

  /**
   * Says goodbye and leaves the closing to Postgres: who closes first keeps the port for a minute, and ours would be a new
   * one for every request. Nobody waits for it: what is left of the line goes when the request does.
   */
  goodbye(): void {
    this.#say(TERMINATE)
  }

  cut(): void {
    this.#socket.close().catch(() => {})
  }

  /** Answers a request for authentication. https://www.postgresql.org/docs/17/protocol-flow.html */
  async #prove(body: Uint8Array, scram: Scram | null): Promise<Scram | null> {
    const { user, password } = this.#address
    const said = text.decode(body.subarray(4))
    switch (readInt32(body, 0)) {
      case 0:
        return scram
      case 3:
        this.#say(passwordMessage(`${password}\0`))
        return scram
      case 5: {
        const inner = bytes.encode(await md5(bytes.encode(password + user)))
        const outer = await md5(Uint8Array.of(...inner, ...body.subarray(4, 8)))
        this.#say(passwordMessage(`md5${outer}\0`))
        return scram
      }
      case 10: {
        if (!said.split('\0').includes(MECHANISM)) throw new PostgresRefusal('28000')
        const login = new Scram()
        this.#say(saslStart(MECHANISM, login.first))
        return login
      }
      case 11: {
        const proof = await scram?.proof(password, said)
        if (proof === undefined || proof === null) throw new PostgresRefusal('28000')
        this.#say(passwordMessage(proof))
        return scram
      }
      case 12:
        if (scram?.isServer(said) !== true) throw new PostgresRefusal('28000')
        return scram
      default:
        throw new PostgresRefusal('28000')
    }
  }

  async #next(): Promise<Message> {
    for (;;) {
      const message = this.#inbox.take()
      if (message !== null) return message
      this.#inbox.push(await this.#read())
    }
  }

  /** What comes next; good until the next read. Throws DatabaseAwayError at the end. */
  async #read(): Promise<Uint8Array> {
    const { done, value } = await this.#reader
      .read(new Uint8Array(this.#buffer))
      .catch((cause: unknown) => {
        throw new DatabaseAwayError('the connection broke', { cause })
      })
    if (done) throw new DatabaseAwayError('Postgres hung up')
    const full = value.byteLength === value.buffer.byteLength
    this.#buffer = full ? new ArrayBuffer(READ_BYTES.more) : value.buffer
    return value
  }

  #say(message: Uint8Array): void {
    // What goes wrong here is noticed by who reads.
    this.#writer.write(message).catch(() => {})
  }
}

async function md5(data: Uint8Array): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('MD5', new Uint8Array(data)))
  return [...digest].map((byte) => byte.toString(16).padStart(2, '0')).join('')
}
