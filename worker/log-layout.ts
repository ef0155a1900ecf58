import { csvHeader } from '#core/wire/csv'
import { RECORD_COLUMNS, RecordCsv } from '#core/wire/record-csv'
import { RecordText } from '#core/wire/record-text'
import type { RowPrinter } from './list.ts'
import type { LoggedRecord } from './store/log-sweep.ts'

/** How the rows of a log are laid out: as they are, as the messages of a stream, or as Tardis files are. */
export const LAYOUTS = ['plain', 'stream', 'tardis'] as const
export type Layout = (typeof LAYOUTS)[number]

/** Prints records as lines of NDJSON. @param named each says of which market it is */
export function recordLines(named: boolean): RowPrinter<LoggedRecord> {
  const text = new RecordText()
  const print = (rows: readonly LoggedRecord[]) => {
    let lines = ''
    for (const { market, record } of rows) {
      lines += text.line(record, named ? market.ticker : undefined)
    }
    return lines
  }
  return { head: '', print }
}

/** Prints records as lines of CSV. @param named each says of which market it is */
export function recordCsv(named: boolean): RowPrinter<LoggedRecord> {
  const csv = new RecordCsv()
  const print = (rows: readonly LoggedRecord[]) => {
    let lines = ''
    for (const { market, record } of rows) {
      lines += csv.line(record, named ? market.ticker : undefined)
    }
    return lines
  }
  const head = csvHeader(RECORD_COLUMNS)
  return { head: named ? `market,${head}` : head, print }
}
