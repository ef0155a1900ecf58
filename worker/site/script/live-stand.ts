import type { FollowedBook } from '../../../client/followed-book.ts'
import type { StopCause } from '../../../client/stream-event.ts'

/** How a book stands: a word for its pill, the same as shown, and why in a sentence. */
export type Stand = {
  readonly state: string
  readonly word: string
  readonly why: string
  /** What is offered then: to go on, a key of one's own, or nothing. */
  readonly offer: 'again' | 'key' | null
}

/** How a followed book stands; null before anything was heard of it. @param feed what the last heartbeat said */
export function standOf(book: FollowedBook | null, feed: string): Stand {
  const stand = (state: string, word: string, why = ''): Stand => ({
    state,
    word,
    why,
    offer: null,
  })
  if (book === null || book.kind === 'empty') return stand('connecting', 'waiting for the book')
  if (book.kind === 'closed') {
    return stand('closed', 'closed', `The log of this market is over: ${book.endReason}.`)
  }
  if (book.kind === 'unknown' && book.gap !== null) {
    const from = new Date(book.gap.from / 1000).toISOString().slice(11, 19)
    return stand('unknown', 'unknown', `No book is known since ${from} UTC: ${book.gap.cause}.`)
  }
  if (book.stale) {
    const why = feed === 'down' ? 'the exchange does not reach us' : 'connecting again'
    return stand('stale', 'stale', `Nobody vouches for this book now: ${why}.`)
  }
  return feed === 'healthy' ? stand('live', 'live') : stand('degraded', feed)
}

/** How a book stands whose stream has stopped for good. @param visitor whether it was a visitor's */
export function stoppedStand(cause: StopCause, message: string, visitor: boolean): Stand {
  const stand = (why: string, offer: Stand['offer']): Stand => ({
    state: 'stopped',
    word: 'stopped',
    why,
    offer,
  })
  switch (cause) {
    case 'plan_forbids':
      return visitor
        ? {
            state: 'stale',
            word: 'paused',
            why: 'A visitor’s stream lasts five minutes.',
            offer: 'again',
          }
        : stand(`The plan does not allow this: ${message}.`, 'again')
    case 'out_of_credits':
      return visitor
        ? stand('What visitors may see in a day is used up here.', 'key')
        : stand('The account has no credits left.', 'again')
    case 'unauthorized':
    case 'key_revoked':
      return stand(`The key is not taken: ${message}.`, visitor ? 'again' : 'key')
    case 'forbidden':
    case 'refused':
      return stand(`This book cannot be followed: ${message}.`, 'again')
  }
}

/** How a book stands for which no key can be had. */
export function keylessStand(message: string): Stand {
  return {
    state: 'stopped',
    word: 'not now',
    why: `No key can be made now: ${message}.`,
    offer: 'again',
  }
}

/** How a book stands that visitors may not see. */
export const NEEDS_KEY: Stand = {
  state: 'connecting',
  word: 'needs a key',
  why: 'Visitors see a few busy markets alone. A free key opens this book.',
  offer: 'key',
}

/** How a book stands while no stream can be opened: a browser does not tell a page why. */
export const NOT_OPENED: Stand = {
  state: 'stale',
  word: 'connecting',
  why: 'No stream could be opened yet; it is tried again. It may be that too many are open already.',
  offer: null,
}
