import type { z } from 'zod'
import { utf8Bytes } from './utf8.ts'
import { STREAM_CLOSE, type StreamError } from './wire/stream.ts'
import {
  CLIENT_ERRORS_IN_A_ROW,
  CLIENT_MESSAGE_BYTES,
  CLIENT_MESSAGES_PER_SECOND,
  STREAM_OPS,
  SUBSCRIBE_BYTES,
} from './wire/stream-command.ts'

/** What is counted of the messages of one customer's socket. */
export type Hearing = {
  /** Bad messages in a row, and messages in the current second. */
  readonly errors: number
  readonly second: number
  readonly heard: number
}

export type StreamFault = { readonly code: StreamError; readonly message: string }

/** What a customer's message comes to. */
export type Heard<Command> =
  | { readonly kind: 'message'; readonly message: Command }
  | { readonly kind: 'error'; readonly id: number | undefined; readonly fault: StreamFault }
  | { readonly kind: 'close'; readonly code: number; readonly reason: string }

/** A socket of which nothing was heard yet. */
export const SILENT: Hearing = { errors: 0, second: 0, heard: 0 }
/** Close code of a socket whose messages cannot be understood (RFC 6455 §7.4.1, policy violation). */
const POLICY = 1008

const FAULTS = {
  binary: { code: 'binary', message: 'messages are JSON text, not binary' },
  json: { code: 'bad_json', message: 'the message is no JSON object' },
  op: { code: 'unknown_op', message: `op is one of ${STREAM_OPS.join(', ')}` },
  large: {
    code: 'too_large',
    message: `a message other than subscribe may have ${CLIENT_MESSAGE_BYTES} bytes`,
  },
  rate: {
    code: 'rate_limited',
    message: `at most ${CLIENT_MESSAGES_PER_SECOND} messages a second`,
  },
} as const satisfies Record<string, StreamFault>

/**
 * Judges what a customer said on a stream, and counts it.
 * @param commands what may be said on this stream
 * @param nowMs the moment, for the rate
 */
export function hear<Command>(
  hearing: Hearing,
  raw: string | ArrayBuffer,
  commands: z.ZodType<Command>,
  nowMs: number,
): { readonly hearing: Hearing; readonly heard: Heard<Command> } {
  const second = Math.floor(nowMs / 1000)
  const count = second === hearing.second ? hearing.heard + 1 : 1
  const counted = { errors: hearing.errors, second, heard: count }
  if (raw instanceof ArrayBuffer) return failed(counted, undefined, FAULTS.binary)
  const bytes = utf8Bytes(raw)
  if (bytes > SUBSCRIBE_BYTES) {
    const reason = `a message may have ${SUBSCRIBE_BYTES} bytes`
    return { hearing: counted, heard: { kind: 'close', code: STREAM_CLOSE.tooLarge, reason } }
  }
  if (count > CLIENT_MESSAGES_PER_SECOND) return failed(counted, undefined, FAULTS.rate)
  const { id, result } = parse(raw, bytes, commands)
  if ('fault' in result) return failed(counted, id, result.fault)
  return {
    hearing: { ...counted, errors: 0 },
    heard: { kind: 'message', message: result.command },
  }
}

/** A message that could be read but not be obeyed counts as a bad one too. */
export function failed(hearing: Hearing, id: number | undefined, fault: StreamFault) {
  const errors = hearing.errors + 1
  if (errors < CLIENT_ERRORS_IN_A_ROW) {
    return { hearing: { ...hearing, errors }, heard: { kind: 'error', id, fault } as const }
  }
  const code = fault.code === 'rate_limited' ? STREAM_CLOSE.tooManyMessages : POLICY
  const heard = { kind: 'close', code, reason: fault.message } as const
  return { hearing: { ...hearing, errors }, heard }
}

type Parsed<Command> = {
  readonly id?: number
  readonly result: { readonly command: Command } | { readonly fault: StreamFault }
}

function parse<Command>(raw: string, bytes: number, commands: z.ZodType<Command>): Parsed<Command> {
  let value: unknown
  try {
    value = JSON.parse(raw)
  } catch {
    return { result: { fault: FAULTS.json } }
  }
  if (typeof value !== 'object' || value === null) return { result: { fault: FAULTS.json } }
  const given = value as Record<string, unknown>
  const id = Number.isSafeInteger(given['id']) ? { id: given['id'] as number } : {}
  if (!STREAM_OPS.some((op) => op === given['op'])) return { ...id, result: { fault: FAULTS.op } }
  if (bytes > CLIENT_MESSAGE_BYTES && given['op'] !== 'subscribe') {
    return { ...id, result: { fault: FAULTS.large } }
  }
  const command = commands.safeParse(value)
  if (command.success) return { ...id, result: { command: command.data } }
  const [issue] = command.error.issues
  const where = issue?.path.join('.') || 'message'
  const message = `${where}: ${issue?.message}`
  return { ...id, result: { fault: { code: 'invalid_param', message } } }
}
