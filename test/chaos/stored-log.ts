import { inflateRawSync } from 'node:zlib'
import type { Sql } from 'postgres'
import type { BookRecord, Ladders } from '#core/log'
import { decodeSegment } from '#core/segment-codec'
import type { Ticker } from '#core/ticker'
import { BookHash } from './book-hash.ts'

/** A record of the log as its row says it, whatever its kind: what a plain fold needs. */
export type PlainRow = {
  readonly seq: number
  readonly recv: number
  readonly kind: 'snapshot' | 'delta' | 'gap' | 'end'
  readonly side: 'yes' | 'no' | null
  readonly price: number | null
  readonly change: number | null
  /** Both ladders, `yes|no`, levels `price:size`. */
  readonly ladders: string | null
  /** All of the row, to be compared. */
  readonly text: string
}

export type StoredGap = {
  readonly seq: number
  readonly cause: string
  readonly from: number
  readonly to: number | null
  readonly noticed: number
}

/** The book from a moment on: its hash, null while it is not known. */
export type StoredState = { readonly recv: number; readonly hash: number | null }

/** All that the store holds of one market's log: its rows, its gaps, and its segments' records. */
export type StoredLog = {
  readonly rows: readonly PlainRow[]
  readonly gaps: readonly StoredGap[]
  readonly segments: readonly {
    /** The book that it opens with, as a hash; null when it opens with none. */
    readonly opening: number | null
    readonly firstSeq: number
    readonly rows: readonly PlainRow[]
  }[]
}

const KINDS = ['snapshot', 'delta', 'gap', 'end'] as const
const SIDES = ['yes', 'no'] as const

/** Reads every market's log, in the order of seq. Throws as Postgres does, and for a segment that cannot be read. */
export async function readStoredLogs(sql: Sql): Promise<Map<Ticker, StoredLog>> {
  const rows = await sql`
    select m.ticker, d.seq::text, d.recv_us::text, d.event_us::text, d.kind, d.side, d.price, d.change::text,
      d.size::text, d.reason, d.from_us::text, d.prev_seq::text, d.ladders
    from kb.book_deltas d join kb.markets m on m.id = d.market_id order by m.ticker, d.seq`
  const gaps = await sql`
    select m.ticker, g.seq::text, g.cause, g.from_us::text, g.to_us::text, g.noticed_us::text
    from kb.book_gaps g join kb.markets m on m.id = g.market_id order by m.ticker, g.seq`
  const segments = await sql`
    select m.ticker, s.first_seq::text, s.data
    from kb.book_segments s join kb.markets m on m.id = s.market_id
    order by m.ticker, s.first_us, s.first_seq`
  const byTicker = <Row extends Record<string, unknown>>(all: readonly Row[]) =>
    Map.groupBy(all, (row) => row['ticker'] as Ticker)
  const [gapsOf, segmentsOf] = [byTicker(gaps), byTicker(segments)]
  const logs = [...byTicker(rows)].map(([ticker, of]) => {
    const log = {
      rows: of.map(rowOf),
      gaps: (gapsOf.get(ticker) ?? []).map(gapOf),
      segments: (segmentsOf.get(ticker) ?? []).map(segmentOf),
    }
    return [ticker, log] as const
  })
  return new Map(logs)
}

/** Folds rows with two plain maps; of rows of one recv the last alone makes a state. */
export function foldRows(
  rows: readonly Pick<PlainRow, 'recv' | 'kind' | 'side' | 'price' | 'change' | 'ladders'>[],
): StoredState[] {
  const states: StoredState[] = []
  let book: { yes: Map<number, number>; no: Map<number, number>; hash: BookHash } | null = null
  for (const { recv, kind, side, price, change, ladders } of rows) {
    if (kind === 'gap') book = null
    if (kind === 'snapshot') book = bookOf(ladders ?? '')
    if (kind === 'delta' && book !== null && side !== null && price !== null && change !== null) {
      const before = book[side].get(price) ?? 0
      const after = before + change
      if (before !== 0) book.hash.toggle(side, price, before)
      if (after !== 0) book.hash.toggle(side, price, after)
      if (after === 0) book[side].delete(price)
      else book[side].set(price, after)
    }
    if (states.at(-1)?.recv === recv) states.pop()
    states.push({ recv, hash: book?.hash.value ?? null })
  }
  return states
}

function bookOf(ladders: string) {
  const hash = new BookHash()
  const [yes = '', no = ''] = ladders.split('|')
  const side = (name: 'yes' | 'no', levels: string) => {
    const map = new Map<number, number>()
    for (const level of levels === '' ? [] : levels.split(',')) {
      const [price = 0, size = 0] = level.split(':').map(Number)
      map.set(price, size)
      hash.toggle(name, price, size)
    }
    return map
  }
  return { yes: side('yes', yes), no: side('no', no), hash }
}

function rowOf(row: Record<string, unknown>): PlainRow {
  const kind = KINDS[Number(row['kind'])]
  if (kind === undefined) throw new Error(`no kind ${row['kind']}`)
  const { ticker: _, ...rest } = row
  return {
    seq: Number(row['seq']),
    recv: Number(row['recv_us']),
    kind,
    side: row['side'] === null ? null : (SIDES[Number(row['side'])] ?? null),
    price: row['price'] === null ? null : Number(row['price']),
    change: row['change'] === null ? null : Number(row['change']),
    ladders: row['ladders'] as string | null,
    text: Object.values(rest).map(String).join(' '),
  }
}

function gapOf(row: Record<string, unknown>): StoredGap {
  return {
    seq: Number(row['seq']),
    cause: String(row['cause']),
    from: Number(row['from_us']),
    to: row['to_us'] === null ? null : Number(row['to_us']),
    noticed: Number(row['noticed_us']),
  }
}

function segmentOf(row: Record<string, unknown>): StoredLog['segments'][number] {
  const segment = decodeSegment(inflateRawSync(row['data'] as Buffer))
  if (segment === null) throw new Error('a segment cannot be read')
  const { opening, records } = segment
  const ladders = opening.kind === 'known' ? printed(opening.ladders) : null
  return {
    opening: ladders === null ? null : bookOf(ladders).hash.value,
    firstSeq: Number(row['first_seq']),
    rows: records.map(rowOfRecord),
  }
}

/** A record of a segment as its row in `book_deltas` would say it. */
function rowOfRecord(record: BookRecord): PlainRow {
  const delta = record.kind === 'delta' ? record : null
  const gap = record.kind === 'gap' ? record : null
  const ladders = record.kind === 'snapshot' ? printed(record) : null
  const reason =
    record.kind === 'snapshot' || record.kind === 'end' ? record.reason : (gap?.cause ?? null)
  const words = [
    ...[record.seq, record.recv, record.event, KINDS.indexOf(record.kind)],
    delta === null ? null : SIDES.indexOf(delta.side),
    ...[delta?.price, delta?.change, delta?.size],
    ...[reason, gap?.from, gap?.prevSeq, ladders],
  ]
  const { seq, recv, kind } = record
  return {
    ...{ seq, recv, kind, ladders },
    side: delta?.side ?? null,
    price: delta?.price ?? null,
    change: delta?.change ?? null,
    text: words.map((word) => String(word ?? null)).join(' '),
  }
}

function printed({ yes, no }: Ladders): string {
  const side = (levels: Ladders['yes']) => levels.map((level) => level.join(':')).join(',')
  return `${side(yes)}|${side(no)}`
}
