import { isDeepStrictEqual } from 'node:util'
import type { Range } from './ask-ranges.ts'
import type { HistoryApi } from './history-api.ts'
import { expectedOf, foldPlainly } from './plain-truth.ts'
import { bids, checksums, type PlainBook } from './plain-wire.ts'
import { readCsv, readLines } from './read-list.ts'
import { type Checked, StreamFollower, type StreamMessage, scaled } from './stream-follower.ts'

/** As-of is asked for the books of so many messages of a stream. */
const ASKED = 6

/** How many books were compared, and what is wrong with them. */
export type StreamVerdict = { readonly checked: number; readonly wrong: readonly string[] }

/** Follows a past range by the messages of a stream, and holds the books that they give against as-of and a plain fold. */
export async function judgeStream(
  api: HistoryApi,
  range: Range,
  through: number,
): Promise<StreamVerdict> {
  const { market, path, until } = range
  const { rows } = await readLines(api, `${path}&layout=stream`)
  const follower = new StreamFollower()
  try {
    for (const row of rows) follower.take(row as unknown as StreamMessage)
  } catch (error) {
    return { checked: 0, wrong: [`${path}: ${String(error)}`] }
  }
  const { checked } = follower
  const folds = checked.filter(({ seq, book }) => {
    const told = foldPlainly(market.records.filter((record) => record.seq <= seq)).book
    return !isDeepStrictEqual(told, book)
  })
  const asked = checked.filter((_, i) => i % Math.ceil(checked.length / ASKED) === 0)
  const others = await Promise.all(asked.map((each) => otherThanAsOf(api, market.ticker, each)))
  const last = endOf(range, through)
  const wrong = [
    ...folds.map(({ seq }) => `${path}: not the book after ${seq}`),
    ...others.flat(),
    ...(last === undefined || isDeepStrictEqual(last, follower.book)
      ? []
      : [`${path}: not the book at ${until}`]),
  ]
  return { checked: checked.length, wrong }
}

/** Follows a past range by Tardis's rows. @returns what is wrong with the book at its end */
export async function judgeTardis(
  api: HistoryApi,
  range: Range,
  through: number,
): Promise<readonly string[]> {
  const rows = await readCsv(api, `${range.path}&layout=tardis`)
  const levels = { bid: new Map<number, number>(), ask: new Map<number, number>() }
  let inSnapshot = false
  for (const { is_snapshot, side, price = '', amount = '' } of rows) {
    if (is_snapshot === 'true' && !inSnapshot) {
      levels.bid.clear()
      levels.ask.clear()
    }
    inSnapshot = is_snapshot === 'true'
    const [at, size] = [scaled(price, 6), scaled(amount, 2)]
    if (size === 0) levels[side === 'bid' ? 'bid' : 'ask'].delete(at)
    else levels[side === 'bid' ? 'bid' : 'ask'].set(at, size)
  }
  const last = endOf(range, through)
  const no = new Map([...levels.ask].map(([price, size]) => [1_000_000 - price, size] as const))
  const expected = last ?? { yes: new Map(), no: new Map() }
  const right = last === undefined || isDeepStrictEqual(expected, { yes: levels.bid, no })
  return right ? [] : [`${range.path}: not the book at ${range.until} by Tardis's rows`]
}

/** The book at a range's end; null when it is not known, undefined where there is nothing to compare. */
function endOf({ market, records, until }: Range, through: number): PlainBook | null | undefined {
  const question = { at: until, view: 'native', depth: null } as const
  const expected = expectedOf(market, through, question)
  if (expected.kind === 'refused' || records.length === 0) return undefined
  // At its beginning the book is still known, and the gap may be told already.
  if (market.gaps.some(({ from }) => from === until)) return undefined
  if (expected.kind === 'unknown') return null
  return foldPlainly(market.records.filter(({ recv }) => recv <= until)).book
}

async function otherThanAsOf(api: HistoryApi, ticker: string, { seq, book }: Checked) {
  const path = `/v1/markets/${ticker}/orderbook?at_seq=${seq}&view=native`
  const { status, body } = await api.get(path)
  const { data } = body as { data?: Readonly<Record<string, unknown>> }
  if (status !== 200 || data === undefined) return [`${path}: ${status}`]
  if (data['status'] !== 'as_of') return []
  const told = { yes: data['yes'], no: data['no'], checksum: data['checksum'] }
  const followed = { yes: bids(book.yes), no: bids(book.no), checksum: checksums(book).checksum }
  return isDeepStrictEqual(told, followed) ? [] : [`${path}: another book than the stream's`]
}
