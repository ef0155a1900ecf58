import type { FollowedBook } from '../../../client/followed-book.ts'
import { type Stand, standOf } from './live-stand.ts'

/** A browser does not tell a page why. */
const NOT_OPENED =
  'No stream could be opened yet. Visitors of one network share two; it is tried again.'

/** How a visitor's book stands whose stream has had its time. */
export const PAUSED: Stand = {
  state: 'paused',
  word: 'paused',
  why: 'Paused: a visitor’s stream lasts some minutes.',
  offer: 'again',
}

/** How a book stands that cannot be shown now. */
export function notNow(why: string): Stand {
  return { state: 'bad', word: 'not now', why, offer: 'again' }
}

/** How a followed book stands. @param failing whether the last attempt at a stream failed */
export function shownStand(book: FollowedBook | null, feed: string, failing: boolean): Stand {
  const stand = standOf(book, feed)
  if (stand.state === 'connecting' && failing) return { ...stand, why: NOT_OPENED }
  if (stand.state !== 'closed') return stand
  return { ...stand, why: `${stand.why} Load the page for another.` }
}

/** Why there is no key for a visitor, for a person. */
export function noKey(code: string, message: string): string {
  switch (code) {
    case 'payment_required':
    case 'quota_exceeded':
      return 'What is given away to visitors each day is used up. A free account has its own credits.'
    case 'rate_limited':
      return 'Too many visitors come from your address at this moment. Try again in a minute.'
    default:
      return `No key can be made for a visitor now: ${message}.`
  }
}
