import type { FeeChange, OverrideChange } from './fees.ts'
import { seriesOf } from './market.ts'
import { printTimestamp } from './timestamp.ts'
import type { Allowance } from './token-bucket.ts'

type Body = Record<string, unknown>

/** The answer of `/exchange/status`, and of everything in maintenance: then until when (microseconds). */
export function statusBody(closedUntilUs: number | null): Body {
  const open = closedUntilUs === null
  const active = {
    exchange_active: open,
    trading_active: open,
    intra_exchange_transfers_active: open,
  }
  const index = { exchange_index: 0, description: 'all markets', ...active }
  return {
    ...active,
    exchange_estimated_resume_time: open ? null : printTimestamp(closedUntilUs),
    exchange_index_statuses: [index],
  }
}

/** The answer of `/exchange/schedule`: open all week but for two hours of Thursday, in New York's time. */
export function scheduleBody(): Body {
  const whole = [{ open_time: '00:00', close_time: '00:00' }]
  const thursday = [
    { open_time: '00:00', close_time: '03:00' },
    { open_time: '05:00', close_time: '00:00' },
  ]
  const week = {
    start_time: '2020-01-01T00:00:00Z',
    end_time: '2099-12-31T23:59:59Z',
    monday: whole,
    tuesday: whole,
    wednesday: whole,
    thursday,
    friday: whole,
    saturday: whole,
    sunday: whole,
  }
  return { schedule: { standard_hours: [week], maintenance_windows: [] } }
}

/** The exchange's tiers, each with the tokens a second that it reads with. */
const TIERS: readonly (readonly [tier: string, perSecond: number])[] = [
  ['basic', 200],
  ['advanced', 300],
  ['expert', 600],
  ['premier', 1200],
  ['paragon', 2400],
  ['prime', 4800],
  ['prestige', 12_000],
]
const UNLIMITED: Allowance = { perSecond: 12_000, capacity: 36_000 }

/** The answer of `/account/limits`: what the exchange's own allowance of REST tokens is. */
export function limitsBody(allowance: Allowance | null): Body {
  const { perSecond, capacity } = allowance ?? UNLIMITED
  const [tier] = TIERS.findLast(([, least]) => perSecond >= least) ?? ['basic']
  const bucket = { refill_rate: perSecond, bucket_capacity: capacity }
  return { usage_tier: tier, read: bucket, write: bucket, grants: [] }
}

/** The REST object of an announced change of a series' fee. */
export function feeChangeBody({ id, series, fee, atUs }: FeeChange): Body {
  return {
    id,
    series_ticker: series,
    fee_type: fee.type,
    fee_multiplier: fee.multiplier,
    scheduled_ts: printTimestamp(atUs),
  }
}

/** The REST object of a change of an event's own fee. */
export function overrideChangeBody({ id, event, override, atUs }: OverrideChange): Body {
  return {
    id,
    event_ticker: event,
    series_ticker: seriesOf(event),
    fee_type_override: override.type,
    fee_multiplier_override: override.multiplier,
    scheduled_ts: printTimestamp(atUs),
  }
}
