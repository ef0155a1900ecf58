import type { ServerMessage } from '#core/wire/stream'

type Raw = Readonly<Record<string, unknown>>

const whole = (value: unknown): boolean => Number.isSafeInteger(value)
const text = (value: unknown): boolean => typeof value === 'string'
const maybe = (is: (value: unknown) => boolean) => (value: unknown) => value === null || is(value)
const list = (value: unknown, is: (each: unknown) => boolean): boolean =>
  Array.isArray(value) && value.every(is)
const level = (value: unknown): boolean =>
  Array.isArray(value) && value.length === 2 && value.every(text)
const row = (value: unknown): boolean =>
  Array.isArray(value) &&
  (value[0] === 'yes' || value[0] === 'no') &&
  text(value[1]) &&
  maybe(text)(value[2]) &&
  text(value[3]) &&
  maybe(whole)(value[4]) &&
  whole(value[5])
const object = (value: unknown): value is Raw => typeof value === 'object' && value !== null
const named = (raw: Raw): boolean => text(raw['market'])
const numbered = (raw: Raw): boolean => named(raw) && whole(raw['seq']) && whole(raw['recv_us'])
const ofSub = (raw: Raw): boolean => whole(raw['sub'])
const someMarkets = (raw: Raw): boolean => ofSub(raw) && list(raw['markets'], text)

/** What of each message is relied on; further fields may be there, and may come to be. */
const SHAPES: Readonly<Record<ServerMessage['type'], (raw: Raw) => boolean>> = {
  welcome: (raw) => text(raw['plan']) && object(raw['limits']) && whole(raw['server_us']),
  subscribed: (raw) => ofSub(raw) && whole(raw['accepted']) && list(raw['rejected'], object),
  snapshot: (raw) =>
    numbered(raw) &&
    typeof raw['image'] === 'boolean' &&
    list(raw['yes'], level) &&
    list(raw['no'], level) &&
    whole(raw['checksum']) &&
    whole(raw['full_checksum']),
  deltas: (raw) =>
    named(raw) &&
    list(raw['seq'], whole) &&
    (raw['seq'] as unknown[]).length === 2 &&
    list(raw['d'], row) &&
    whole(raw['checksum']),
  gap: (raw) =>
    whole(raw['from_us']) &&
    (raw['channel'] === 'trade'
      ? (raw['market'] === undefined || named(raw)) && maybe(whole)(raw['to_us'])
      : numbered(raw) && text(raw['cause']) && maybe(whole)(raw['prev_seq'])),
  end: numbered,
  ready: ofSub,
  heartbeat: (raw) => text(raw['feed']) && object(raw['books']),
  trade: (raw) => named(raw) && text(raw['trade_id']) && whole(raw['recv_us']),
  bbo: numbered,
  status: (raw) => named(raw) && text(raw['market_status']),
  joined: someMarkets,
  left: someMarkets,
  warning: (raw) => text(raw['code']),
  unsubscribed: ofSub,
  pong: () => true,
  error: (raw) =>
    text(raw['code']) && text(raw['message']) && (raw['market'] === undefined || named(raw)),
}

/**
 * Reads a message of a stream.
 * @returns null for what is none that we know: what it would have said of a book is then found missing by its seq
 */
export function readMessage(data: unknown): ServerMessage | null {
  const raw = typeof data === 'string' ? parseJson(data) : null
  if (!object(raw)) return null
  const type = raw['type']
  if (typeof type !== 'string' || !Object.hasOwn(SHAPES, type)) return null
  const holds = SHAPES[type as ServerMessage['type']]
  return holds(raw) ? (raw as ServerMessage) : null
}

/** JSON as what it says; undefined for what is no JSON. */
export function parseJson(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}
