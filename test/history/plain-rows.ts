import type { BookRecord, Level } from '#core/log'
import { contracts, dollars } from './plain-wire.ts'

/** A record as `/deltas` lists it, by wire §1. */
export function rowOf(record: BookRecord): Readonly<Record<string, unknown>> {
  const stamp = { type: record.kind, seq: record.seq, event_us: record.event, recv_us: record.recv }
  switch (record.kind) {
    case 'delta': {
      const { side, price, change, size } = record
      const numbers = { price: dollars(price), change: contracts(change), size: contracts(size) }
      return { ...stamp, side, ...numbers }
    }
    case 'snapshot': {
      const { reason, yes, no } = record
      return { ...stamp, reason, yes: levels(yes), no: levels(no) }
    }
    case 'gap': {
      const { cause, from, prevSeq } = record
      return { ...stamp, cause, from_us: from, to_us: null, prev_seq: prevSeq }
    }
    case 'end':
      return { ...stamp, reason: record.reason }
  }
}

function levels(side: readonly Level[]): [string, string][] {
  return side.map(([price, size]) => [dollars(price), contracts(size)])
}

/** The same as a row of CSV: the names of the columns that it fills, and their cells. */
export function cellsOf(record: BookRecord): Readonly<Record<string, string>> {
  const cells = Object.entries(rowOf(record)).flatMap(([name, value]) => {
    if (value === null || value === undefined) return []
    const text = Array.isArray(value) ? value.map((level) => level.join(':')).join(' ') : `${value}`
    return text === '' ? [] : [[name === 'cause' ? 'reason' : name, text] as const]
  })
  return Object.fromEntries(cells)
}
