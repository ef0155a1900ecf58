import { type Micros, printInstant } from '#core/instant'
import { PastBooks } from '../../../client/past-books.ts'
import { PastLog } from '../../../client/past-log.ts'
import { forgetPageKey, type PageKey, pageKey } from './page-key.ts'
import type { Stretch } from './picture/time-chart.ts'

/** Records that one call reads: of a visitor, and of an account. */
export const VISITOR_RECORDS = 1000
export const ACCOUNT_RECORDS = 10_000

/** A stretch of a market's log as far as it was read. */
export type ReadStretch = {
  readonly asked: Stretch
  readonly books: PastBooks
  /** How many records were read. */
  readonly records: number
  /** Up to when all is known, µs. */
  readonly throughUs: number
  /** Where to read on; null when all that was asked for is there. */
  readonly cursor: string | null
}

export type StretchAnswer =
  | { readonly ok: true; readonly read: ReadStretch }
  | { readonly ok: false; readonly code: string; readonly message: string }

/**
 * Reads a stretch of a market's log in one call, or what follows of one that is read in part.
 * @param before what was read until now; more is added to its books
 */
export async function readStretch(
  ticker: string,
  asked: Stretch,
  before: ReadStretch | null,
): Promise<StretchAnswer> {
  const made = await pageKey()
  if (!made.ok) return made
  const first = await readOnce(ticker, asked, before, made.key)
  if (first.ok || (first.code !== 'unauthorized' && first.code !== 'key_revoked')) return first
  forgetPageKey(made.key.key)
  const other = await pageKey()
  return other.ok ? readOnce(ticker, asked, before, other.key) : other
}

async function readOnce(
  ticker: string,
  asked: Stretch,
  before: ReadStretch | null,
  { key, markets }: PageKey,
): Promise<StretchAnswer> {
  const cursor = before?.cursor ?? null
  const log = new PastLog({
    url: location.origin,
    apiKey: key,
    of: { market: ticker },
    from: printInstant(asked.fromUs as Micros),
    to: printInstant(asked.toUs as Micros),
    limit: markets === null ? ACCOUNT_RECORDS : VISITOR_RECORDS,
    ...(cursor === null ? {} : { cursor }),
  })
  const books = before?.books ?? new PastBooks(asked.fromUs)
  for await (const event of log) {
    books.add(event)
    if (event.type === 'resync') {
      return { ok: false, code: event.cause, message: 'what came does not fit together' }
    }
    if (event.type === 'incomplete') return { ok: false, ...event }
    if (event.type !== 'log_end') continue
    const lastUs = asked.toUs - 1
    const whole = Math.min(lastUs, event.through_us ?? asked.fromUs)
    // More of what was received at the very last instant may follow.
    const cutUs = Math.max(asked.fromUs, (books.lastUs ?? asked.fromUs) - 1)
    const throughUs = event.cursor === null ? whole : cutUs
    const records = (before?.records ?? 0) + event.records
    return { ok: true, read: { asked, books, records, throughUs, cursor: event.cursor } }
  }
  return { ok: false, code: 'cut', message: 'the answer broke off' }
}
