import type { Sql } from 'postgres'
import type { ApiError } from '#core/api-error'
import type { ListCost } from '#core/credit'
import type { CursorList, CursorPosition } from '#core/cursor'
import type { Micros } from '#core/instant'
import type { Column } from '#core/wire/csv'
import type { WireHoles } from '#core/wire/trade'

/** A list of rows that can be read from its beginning or on from any place in it, as a page or as a stream. */
export type List<Row, Wire extends object> = CursorList & {
  readonly cost: ListCost
  /** Which page of a list a caller asked for. */
  readonly asked: Asked
  /** A row as the wire carries it. */
  readonly wire: (row: Row) => Wire
  /** Where the list goes on after a row. */
  readonly position: (row: Row) => CursorPosition
  /** What CSV shows of a row. */
  readonly columns: readonly Column<Wire>[]
  /** Begins to read, or says why that cannot be answered. Throws as Postgres does. */
  readonly open: (sql: Sql, start: ListStart) => Promise<Opened<Row>>
}

/** The parameters that every list takes. */
export type Asked = {
  readonly cursor: string | undefined
  /** Rows at most; a stream has no such bound of its own. */
  readonly limit: number | undefined
}

export type ListStart = {
  /** The place after which to go on; null for the beginning. */
  readonly after: CursorPosition | null
  /** More rows than these are not looked at; one more than a page holds, so that it knows of a next one. */
  readonly most: number
  readonly streamed: boolean
}

export type Opened<Row> =
  | { readonly ok: false; readonly error: ApiError }
  | {
      readonly ok: true
      readonly batches: AsyncIterable<Batch<Row>>
      /** The time that is read, µs, which a plan bounds for streams; null where a list has none. */
      readonly range: { readonly fromUs: Micros; readonly toUs: Micros } | null
      /** The intervals of which rows may be missing, of lists that can have such; every answer tells of them. */
      readonly holes?: WireHoles
      /** What is printed in place of the list's own rows, by streams of this reading. */
      readonly ndjson?: RowPrinter<Row>
      readonly csv?: RowPrinter<Row>
    }

/** Rows in the list's order; the watermark, below which they are final; and where it goes on. */
export type Batch<Row> = {
  readonly rows: readonly Row[]
  readonly throughUs: Micros | null
  /** The place after all that was looked at, which may be later than the last row; null at the list's end. */
  readonly next: CursorPosition | null
}

/** Prints rows of a stream. It is asked once for each batch, in order, and may keep what it knows. */
export type RowPrinter<Row> = {
  readonly head: string
  readonly print: (rows: readonly Row[]) => string
}
