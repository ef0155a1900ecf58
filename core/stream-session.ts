import { failed, type Heard, type Hearing, hear, SILENT } from './stream-hearing.ts'
import {
  type MarketStreamCommand,
  marketStreamCommand,
  type StreamChannel,
} from './wire/stream-command.ts'

/** An open subscription of a single market's stream. */
export type MarketSub = { readonly sub: number; readonly channels: readonly StreamChannel[] }
/** One that waits for its first book, with the seq that its subscriber already has. */
export type WaitingSub = MarketSub & {
  readonly have: number | null
  /** From when on it wants trades of the past, µs; null for none. */
  readonly tradesFromUs: number | null
}

/** What is remembered of one subscriber's socket. */
export type StreamSession = {
  readonly plan: string
  /** Its open subscriptions, all of the one market; those of them that got their first book. */
  readonly subs: readonly MarketSub[]
  readonly waiting: readonly WaitingSub[]
  /** The number given last. */
  readonly last: number
  readonly hearing: Hearing
}

/** Open subscriptions of one socket, all to the one market; also what its attachment can hold. */
export const SUBS = 16

/** A socket that has just been opened. */
export function newSession(plan: string): StreamSession {
  return { plan, subs: [], waiting: [], last: 0, hearing: SILENT }
}

/**
 * Judges what a subscriber of a single market said, and counts it.
 * @param market the one market of this stream
 * @param nowMs the moment, for the rate
 */
export function hearMarket(
  session: StreamSession,
  raw: string | ArrayBuffer,
  market: string,
  nowMs: number,
): { readonly session: StreamSession; readonly heard: Heard<MarketStreamCommand> } {
  const { hearing, heard } = hear(session.hearing, raw, marketStreamCommand, nowMs)
  const stranger = heard.kind === 'message' && namesAnother(heard.message, market)
  if (!stranger) return { session: { ...session, hearing }, heard }
  const message = `this stream is of ${market} alone`
  const fault = { code: 'unknown_market', message } as const
  // That it could be read forgave the bad ones before it.
  const again = failed({ ...hearing, errors: session.hearing.errors }, idOf(heard.message), fault)
  return { session: { ...session, hearing: again.hearing }, heard: again.heard }
}

/**
 * Gives a new subscription its number; it waits for its first book.
 * @returns null when the socket has as many as it may
 */
export function subscribe(
  session: StreamSession,
  have: number | null,
  channels: readonly StreamChannel[] = ['book'],
  tradesFromUs: number | null = null,
): StreamSession | null {
  if (session.subs.length + session.waiting.length >= SUBS) return null
  const sub = session.last + 1
  return {
    ...session,
    last: sub,
    waiting: [...session.waiting, { sub, channels, have, tradesFromUs }],
  }
}

/** All that waited have got their book, or those that `isServed` says. */
export function served(
  session: StreamSession,
  isServed: (waiting: WaitingSub) => boolean = () => true,
): StreamSession {
  const opened = session.waiting.filter(isServed)
  const subs = [...session.subs, ...opened.map(({ sub, channels }) => ({ sub, channels }))]
  return { ...session, subs, waiting: session.waiting.filter((each) => !opened.includes(each)) }
}

/** Whether an open subscription of the socket has a channel. */
export function hearsChannel({ subs }: StreamSession, channel: StreamChannel): boolean {
  return subs.some(({ channels }) => channels.includes(channel))
}

/** Whether a subscription begins with the book: its levels, or the best of them. */
export function beginsWithBook({ channels }: MarketSub): boolean {
  return channels.includes('book') || channels.includes('bbo')
}

/** Ends a subscription; null when there is none of this number. */
export function unsubscribe(session: StreamSession, sub: number): StreamSession | null {
  const subs = session.subs.filter((each) => each.sub !== sub)
  const waiting = session.waiting.filter((each) => each.sub !== sub)
  const same = subs.length === session.subs.length && waiting.length === session.waiting.length
  return same ? null : { ...session, subs, waiting }
}

function namesAnother(message: MarketStreamCommand, market: string): boolean {
  const named =
    message.op === 'subscribe'
      ? Object.keys(message.resume ?? {})
      : message.op === 'resync' && message.market !== undefined
        ? [message.market]
        : []
  return named.some((each) => each !== market)
}

function idOf(message: MarketStreamCommand): number | undefined {
  return message.op === 'subscribe' ? message.id : undefined
}
