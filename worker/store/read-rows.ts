import type { BookRecord, Gap } from '#core/log'
import { gapOfRow, LogRowError, type RawGapRow, type RawLogRow, recordOf } from '#core/log-row'

/** The records of a market's rows. Throws LogRowError for a row that cannot be read. */
export function readRecords(marketId: number, rows: readonly RawLogRow[]): BookRecord[] {
  return rows.map((row) => {
    const record = recordOf(row)
    if (record === null) throw new LogRowError('row_unreadable', marketId, row.seq)
    return record
  })
}

/** The gaps of a market's rows of the overlay. Throws LogRowError for a row that cannot be read. */
export function readGaps(marketId: number, rows: readonly RawGapRow[]): Gap[] {
  return rows.map((row) => {
    const gap = gapOfRow(row)
    if (gap === null) throw new LogRowError('row_unreadable', marketId, row.seq)
    return gap
  })
}
