import type { BookRecord, Gap } from '#core/log'
import type { MadeMarket } from './made-market.ts'
import { asks, bids, checksums, instant, type Ladder, type PlainBook } from './plain-wire.ts'

/** How a book is asked for: at an instant (µs), or after a record. */
export type Question = ({ readonly at: number } | { readonly seq: number }) & {
  readonly view: 'yes' | 'native'
  readonly depth: number | null
}

/** What must be answered. */
export type Expected =
  | { readonly kind: 'book'; readonly data: Readonly<Record<string, unknown>> }
  | {
      readonly kind: 'unknown'
      readonly data: Readonly<Record<string, unknown>>
      /** The gaps that cover the instant; the answer tells of one of them. */
      readonly gaps: readonly { cause: string; from_us: number; to_us: number | null }[]
    }
  | { readonly kind: 'refused'; readonly status: number; readonly error: object }

/** Says by the words of architecture §5 and wire §2 what must be answered, from all that was ever recorded. */
export function expectedOf(market: MadeMarket, through: number, question: Question): Expected {
  const { records, gaps } = market
  const [first] = records
  const covered = {
    from_ts: first === undefined ? null : instant(first.recv),
    through_ts: first === undefined ? null : instant(through),
  }
  const asked = 'seq' in question ? records.find(({ seq }) => seq === question.seq) : undefined
  const at = 'at' in question ? question.at : asked?.recv
  if (at !== undefined && at > through) {
    return { kind: 'refused', status: 503, error: { code: 'upstream_degraded', covered } }
  }
  if (at === undefined || first === undefined || at < first.recv) {
    const param = 'at' in question ? 'at' : 'at_seq'
    return { kind: 'refused', status: 404, error: { code: 'range_not_covered', param, covered } }
  }
  const upTo = records.filter(
    ({ seq, recv }) => recv <= at && (asked === undefined || seq <= asked.seq),
  )
  const over = gaps.filter(({ from, to }) => from < at && (to === null || at < to))
  const state = foldPlainly(upTo)
  const heading = {
    ticker: market.ticker,
    event: market.event,
    market_status: 'active',
    at_ts: instant(at),
    view: question.view,
    seq: upTo.at(-1)?.seq ?? null,
  }
  if (over.length > 0 || state.book === null) {
    const named = over.length > 0 ? over : gaps.filter(({ seq }) => seq === state.gapSeq)
    return { kind: 'unknown', data: { ...heading, status: 'unknown' }, gaps: named.map(gapOf) }
  }
  return {
    kind: 'book',
    data: {
      ...heading,
      ...shown(state.book, question),
      ...checksums(state.book),
      status: state.ended ? 'closed' : 'as_of',
      changed_ts: instant(upTo.at(-1)?.recv ?? 0),
      event_ts: timeOf(upTo.at(-1)?.event ?? null),
      confirmed_ts: instant(at),
      proof: { opening_seq: state.openingSeq, deltas_applied: state.deltas },
    },
  }
}

type Folded = {
  book: PlainBook | null
  ended: boolean
  openingSeq: number
  deltas: number
  gapSeq: number
}

/** Folds records with plain Maps: a snapshot is the book, a gap takes it away, a delta changes one level. */
export function foldPlainly(records: readonly BookRecord[]): Folded {
  const levels = { yes: new Map<number, number>(), no: new Map<number, number>() }
  let known = false
  const folded = { ended: false, openingSeq: -1, deltas: 0, gapSeq: -1 }
  for (const record of records) {
    folded.ended = record.kind === 'end'
    if (record.kind === 'gap') {
      known = false
      folded.gapSeq = record.seq
    } else if (record.kind === 'snapshot') {
      known = true
      levels.yes = new Map(record.yes)
      levels.no = new Map(record.no)
      folded.openingSeq = record.seq
      folded.deltas = 0
    } else if (record.kind === 'delta') {
      const side = levels[record.side]
      const size = (side.get(record.price) ?? 0) + record.change
      if (size === 0) side.delete(record.price)
      else side.set(record.price, size)
      folded.deltas += 1
    }
  }
  return { ...folded, book: known ? levels : null }
}

function shown({ yes, no }: PlainBook, { view, depth }: Question) {
  const best = (ladder: Ladder) => ladder.slice(0, depth ?? ladder.length)
  return view === 'native'
    ? { yes: best(bids(yes)), no: best(bids(no)) }
    : { bids: best(bids(yes)), asks: best(asks(no)) }
}

function gapOf({ cause, from, to }: Gap) {
  return { cause, from_us: from, to_us: to }
}

function timeOf(us: number | null): string | null {
  return us === null ? null : instant(us)
}
