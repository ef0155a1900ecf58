import type { Cells, Question } from './store/ask.ts'

/**
 * Messages of Postgres's protocol, version 3: a letter, a length that counts itself, and a body.
 * https://www.postgresql.org/docs/17/protocol-message-formats.html
 */
export type Message = { readonly letter: string; readonly body: Uint8Array }

const VERSION_3 = 3 << 16
/** Longer than anything that we ask for. */
const MOST_BYTES = 64 * 2 ** 20

const toBytes = new TextEncoder()
const toText = new TextDecoder()

/** The first message of a connection; it alone has no letter. */
export function startup(user: string, database: string): Uint8Array {
  const words = ['user', user, 'database', database, 'client_encoding', 'UTF8', '']
  const text = toBytes.encode(words.map((word) => `${word}\0`).join(''))
  return joined([int32(8 + text.length), int32(VERSION_3), text])
}

/** An answer to a request for a password, or a step of SASL. */
export function passwordMessage(body: Uint8Array | string): Uint8Array {
  return message('p', [typeof body === 'string' ? toBytes.encode(body) : body])
}

/** The first step of SASL. */
export function saslStart(mechanism: string, first: string): Uint8Array {
  const bytes = toBytes.encode(first)
  return passwordMessage(joined([toBytes.encode(`${mechanism}\0`), int32(bytes.length), bytes]))
}

/**
 * A whole question in one piece, answered in one: parse, bind, describe, execute, sync, as other drivers send them. Its
 * statement has no name, as those of a pool in transaction mode are of whoever comes next; the parameters' types are
 * Postgres's to find, and all columns come as text.
 */
export function questionMessage({ text, params }: Question): Uint8Array {
  const values = params.flatMap((param) => {
    if (param === null) return [int32(-1)]
    const bytes = toBytes.encode(param)
    return [int32(bytes.length), bytes]
  })
  return joined([
    message('P', [toBytes.encode(`\0${text}\0`), int16(0)]),
    message('B', [EMPTY_NAMES, int16(0), int16(params.length), ...values, int16(0)]),
    DESCRIBE,
    EXECUTE,
    SYNC,
  ])
}

const EMPTY_NAMES = Uint8Array.of(0, 0)
const DESCRIBE = message('D', [toBytes.encode('P\0')])
const EXECUTE = message('E', [Uint8Array.of(0), int32(0)])
const SYNC = message('S', [])
/** Says goodbye. */
export const TERMINATE = message('X', [])

function message(letter: string, parts: readonly Uint8Array[]): Uint8Array {
  const length = parts.reduce((sum, part) => sum + part.length, 4)
  return joined([toBytes.encode(letter), int32(length), ...parts])
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

function int16(value: number): Uint8Array {
  return Uint8Array.of(value >> 8, value)
}

function int32(value: number): Uint8Array {
  return Uint8Array.of(value >> 24, value >> 16, value >> 8, value)
}

/** What has come and is not taken yet. */
export class Inbox {
  #bytes = new Uint8Array(2 ** 14)
  #from = 0
  #to = 0

  /** Adds what has come. */
  push(chunk: Uint8Array): void {
    const waiting = this.#to - this.#from
    if (this.#to + chunk.length > this.#bytes.length) {
      const room = waiting + chunk.length
      const home = room <= this.#bytes.length ? this.#bytes : new Uint8Array(2 * room)
      home.set(this.#bytes.subarray(this.#from, this.#to))
      this.#bytes = home
      this.#from = 0
      this.#to = waiting
    }
    this.#bytes.set(chunk, this.#to)
    this.#to += chunk.length
  }

  /**
   * Takes the next message; null while it is not whole. Its body is good until the next push.
   * Throws RangeError for a length that none has.
   */
  take(): Message | null {
    if (this.#to - this.#from < 5) return null
    const length = readInt32(this.#bytes, this.#from + 1)
    if (length < 4 || length > MOST_BYTES) throw new RangeError(`a message of ${length} bytes`)
    const end = this.#from + 1 + length
    if (end > this.#to) return null
    const letter = String.fromCharCode(this.#bytes[this.#from] ?? 0)
    const body = this.#bytes.subarray(this.#from + 5, end)
    this.#from = end
    return { letter, body }
  }
}

/** Reads a signed integer of four bytes; what is not there counts as zeros. */
export function readInt32(bytes: Uint8Array, at: number): number {
  const [a = 0, b = 0, c = 0, d = 0] = [bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]
  return (a << 24) | (b << 16) | (c << 8) | d
}

/** The columns of a DataRow. */
export function readCells(body: Uint8Array): Cells {
  const count = ((body[0] ?? 0) << 8) | (body[1] ?? 0)
  const cells: (string | null)[] = []
  let at = 2
  for (let i = 0; i < count; i++) {
    const length = readInt32(body, at)
    at += 4
    cells.push(length < 0 ? null : toText.decode(body.subarray(at, at + length)))
    if (length > 0) at += length
  }
  return cells
}

/** The SQLSTATE of an ErrorResponse. */
export function readErrorCode(body: Uint8Array): string {
  const fields = toText.decode(body).split('\0')
  return fields.find((field) => field.startsWith('C'))?.slice(1) ?? ''
}
