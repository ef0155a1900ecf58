import { utf8Bytes } from './utf8.ts'
import {
  CLIENT_ERRORS_IN_A_ROW,
  CLIENT_MESSAGE_BYTES,
  CLIENT_MESSAGES_PER_SECOND,
  CLIENT_OPS,
  type ClientMessage,
  clientMessage,
  STREAM_CLOSE,
  type StreamError,
} from './wire/stream.ts'

/** What is remembered of one subscriber's socket. */
export type StreamSession = {
  readonly plan: string
  /** Its open subscriptions, all of the one market; those of them that got their first book. */
  readonly subs: readonly number[]
  /** Subscriptions that wait for their first book, with the seq they already have. */
  readonly waiting: readonly { readonly sub: number; readonly have: number | null }[]
  /** The number given last. */
  readonly last: number
  /** Bad messages in a row, and messages in the current second. */
  readonly errors: number
  readonly second: number
  readonly heard: number
}

/** What a message of a subscriber comes to. */
export type Heard =
  | { readonly kind: 'message'; readonly message: ClientMessage }
  | { readonly kind: 'error'; readonly id: number | undefined; readonly fault: Fault }
  | { readonly kind: 'close'; readonly code: number; readonly reason: string }

type Fault = { readonly code: StreamError; readonly message: string }
/** Open subscriptions of one socket, all to the one market; also what its attachment can hold. */
export const SUBS = 16
/** Close code of a socket whose messages cannot be understood (RFC 6455 §7.4.1, policy violation). */
const POLICY = 1008

/** A socket that has just been opened. */
export function newSession(plan: string): StreamSession {
  return { plan, subs: [], waiting: [], last: 0, errors: 0, second: 0, heard: 0 }
}

/**
 * Judges what a subscriber said, and counts it.
 * @param market the one market of this stream
 * @param nowMs the moment, for the rate
 */
export function hear(
  session: StreamSession,
  raw: string | ArrayBuffer,
  market: string,
  nowMs: number,
): { readonly session: StreamSession; readonly heard: Heard } {
  const second = Math.floor(nowMs / 1000)
  const count = second === session.second ? session.heard + 1 : 1
  const counted = { ...session, second, heard: count }
  if (raw instanceof ArrayBuffer) return failed(counted, undefined, FAULTS.binary)
  if (utf8Bytes(raw) > CLIENT_MESSAGE_BYTES) {
    const reason = `a message may have ${CLIENT_MESSAGE_BYTES} bytes`
    return { session: counted, heard: { kind: 'close', code: STREAM_CLOSE.tooLarge, reason } }
  }
  if (count > CLIENT_MESSAGES_PER_SECOND) return failed(counted, undefined, FAULTS.rate)
  const { id, result } = parse(raw, market)
  if ('code' in result) return failed(counted, id, result)
  return { session: { ...counted, errors: 0 }, heard: { kind: 'message', message: result } }
}

/**
 * Gives a new subscription its number; it waits for its first book.
 * @returns null when the socket has as many as it may
 */
export function subscribe(session: StreamSession, have: number | null): StreamSession | null {
  if (session.subs.length + session.waiting.length >= SUBS) return null
  const sub = session.last + 1
  return { ...session, last: sub, waiting: [...session.waiting, { sub, have }] }
}

/** All that waited have got their book. */
export function served(session: StreamSession): StreamSession {
  const subs = [...session.subs, ...session.waiting.map(({ sub }) => sub)]
  return { ...session, subs, waiting: [] }
}

/** Ends a subscription; null when there is none of this number. */
export function unsubscribe(session: StreamSession, sub: number): StreamSession | null {
  const subs = session.subs.filter((each) => each !== sub)
  const waiting = session.waiting.filter((each) => each.sub !== sub)
  const same = subs.length === session.subs.length && waiting.length === session.waiting.length
  return same ? null : { ...session, subs, waiting }
}

const FAULTS = {
  binary: { code: 'binary', message: 'messages are JSON text, not binary' },
  json: { code: 'bad_json', message: 'the message is no JSON object' },
  op: { code: 'unknown_op', message: `op is one of ${CLIENT_OPS.join(', ')}` },
  rate: {
    code: 'rate_limited',
    message: `at most ${CLIENT_MESSAGES_PER_SECOND} messages a second`,
  },
} as const satisfies Record<string, Fault>

function failed(session: StreamSession, id: number | undefined, fault: Fault) {
  const errors = session.errors + 1
  if (errors < CLIENT_ERRORS_IN_A_ROW) {
    return { session: { ...session, errors }, heard: { kind: 'error', id, fault } as const }
  }
  const code = fault.code === 'rate_limited' ? STREAM_CLOSE.tooManyMessages : POLICY
  const heard = { kind: 'close', code, reason: fault.message } as const
  return { session: { ...session, errors }, heard }
}

function parse(raw: string, market: string): { id?: number; result: ClientMessage | Fault } {
  let value: unknown
  try {
    value = JSON.parse(raw)
  } catch {
    return { result: FAULTS.json }
  }
  if (typeof value !== 'object' || value === null) return { result: FAULTS.json }
  const given = value as Record<string, unknown>
  const id = Number.isSafeInteger(given['id']) ? { id: given['id'] as number } : {}
  if (!CLIENT_OPS.some((op) => op === given['op'])) return { ...id, result: FAULTS.op }
  const message = clientMessage.safeParse(value)
  if (message.success) return { ...id, result: ofThisMarket(message.data, market) }
  const [issue] = message.error.issues
  const where = issue?.path.join('.') || 'message'
  return { ...id, result: { code: 'invalid_param', message: `${where}: ${issue?.message}` } }
}

function ofThisMarket(message: ClientMessage, market: string): ClientMessage | Fault {
  const named =
    message.op === 'subscribe'
      ? Object.keys(message.resume ?? {})
      : message.op === 'resync' && message.market !== undefined
        ? [message.market]
        : []
  return named.every((each) => each === market)
    ? message
    : { code: 'unknown_market', message: `this stream is of ${market} alone` }
}
