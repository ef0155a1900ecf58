import type { Entry } from './entry.ts'
import type { Micros } from './instant.ts'

/** When an entry was received, µs; null for what bears no such time. */
export function receivedAt(entry: Entry): Micros | null {
  switch (entry.kind) {
    case 'record':
      return entry.record.recv
    case 'trade':
      return entry.trade.recv
    case 'change':
      return entry.change.recv
    case 'aside':
      return entry.aside.recv
    case 'mark':
      return entry.mark.through
    case 'quote':
    case 'trade_hole':
      return null
  }
}
