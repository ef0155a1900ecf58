import { utf8Bytes } from '#core/utf8'
import {
  FEED_CLOSE,
  FEED_MESSAGE_BYTES,
  type FromCollector,
  type FromShard,
  fromCollector,
} from '#core/wire/feed'

const STATES = ['new', 'checking', 'accepted', 'replaced'] as const
/** How far a collector's socket has come; it keeps this through a hibernation of its object. */
export type FeedSocketState = (typeof STATES)[number]

/** Reads a socket's state. */
export function feedState(socket: WebSocket): FeedSocketState {
  const kept: unknown = socket.deserializeAttachment()
  return STATES.find((state) => state === kept) ?? 'new'
}

/** Sets a socket's state. */
export function setFeedState(socket: WebSocket, state: FeedSocketState): void {
  socket.serializeAttachment(state)
}

/** Reads what a collector said; null for what is too long, binary, no JSON or of no known shape. */
export function readFeedMessage(raw: string | ArrayBuffer): FromCollector | null {
  if (typeof raw !== 'string' || utf8Bytes(raw) > FEED_MESSAGE_BYTES) return null
  try {
    const message = fromCollector.safeParse(JSON.parse(raw))
    return message.success ? message.data : null
  } catch {
    return null
  }
}

/** Says something to the collector; that its socket is gone is found out by its close. */
export function tell(socket: WebSocket, message: FromShard): void {
  try {
    socket.send(JSON.stringify(message))
  } catch {
    // Closed meanwhile.
  }
}

/** `replaced`: the same collector has opened another socket. */
const CLOSE = { ...FEED_CLOSE, replaced: 1000 } as const

/** Closes a collector's socket; one closed already stays so. */
export function dismiss(socket: WebSocket, why: keyof typeof CLOSE, reason: string): void {
  try {
    socket.close(CLOSE[why], reason)
  } catch {
    // Closed meanwhile.
  }
}
