import { type Micros, parseInstant } from './instant.ts'
import type { MarketChange } from './market-change.ts'

/** What a change makes different in a market's description; what is absent stays. */
export type MarketPatch = {
  readonly status?: string
  readonly close?: Micros
  readonly result?: string
  /** Decimal dollars. */
  readonly value?: string
  readonly settled?: Micros
  readonly structure?: string
  readonly ranges?: unknown
}

const DECIMAL = /^\d{1,9}(?:\.\d{1,12})?$/

/** What a change makes different in its market's description; null for nothing. */
export function patchOf({ kind, at, detail }: MarketChange): MarketPatch | null {
  switch (kind) {
    case 'opened':
    case 'activated':
      return { status: 'active' }
    case 'deactivated':
      return { status: 'inactive' }
    case 'closed':
      return { status: 'closed' }
    case 'determined':
      return { status: 'determined', ...outcomeOf(detail) }
    case 'settled':
      return {
        status: 'finalized',
        ...(at === null ? {} : { settled: at }),
        ...outcomeOf(detail),
      }
    case 'status':
      return typeof detail['status'] === 'string' ? { status: detail['status'] } : null
    case 'close_date_updated': {
      const close = closeOf(detail)
      return close === null ? null : { close }
    }
    case 'price_level_structure_updated': {
      const { price_level_structure: structure, price_ranges: ranges } = detail
      return {
        ...(typeof structure === 'string' ? { structure } : {}),
        ...(Array.isArray(ranges) ? { ranges } : {}),
      }
    }
    case 'created':
    case 'metadata_updated':
    case 'fee':
      // The description itself follows by REST.
      return null
  }
}

/** The result that a change tells: yes, no or scalar, and what a yes pays. Stream and REST name the value differently. */
function outcomeOf(detail: MarketChange['detail']): Pick<MarketPatch, 'result' | 'value'> {
  const { result } = detail
  const value = detail['settlement_value'] ?? detail['settlement_value_dollars']
  return {
    ...(typeof result === 'string' && result !== '' ? { result } : {}),
    ...(typeof value === 'string' && DECIMAL.test(value) ? { value } : {}),
  }
}

function closeOf(detail: MarketChange['detail']): Micros | null {
  const { close_ts: ts, close_time: time } = detail
  if (typeof time === 'string') return parseInstant(time)
  const us = typeof ts === 'number' ? ts * 1_000_000 : Number.NaN
  return Number.isSafeInteger(us) ? (us as Micros) : null
}
