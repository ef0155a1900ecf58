import type { Micros } from './instant.ts'

const HOUR_US = 3_600_000_000

/** The begin of the UTC hour that an instant lies in. */
export function hourOf(atUs: Micros): Micros {
  return (atUs - (atUs % HOUR_US)) as Micros
}

/** The calendar month, UTC, that an instant lies in: what credits, caps and invoices are counted by. `toUs` is exclusive. */
export function monthOf(atUs: Micros): { readonly fromUs: Micros; readonly toUs: Micros } {
  const day = new Date(Math.floor(atUs / 1000))
  const begin = (ahead: number) =>
    (Date.UTC(day.getUTCFullYear(), day.getUTCMonth() + ahead, 1) * 1000) as Micros
  return { fromUs: begin(0), toUs: begin(1) }
}

/**
 * The credits that a part of a month pays for, rounded down: as Stripe prorates prices, by the second.
 * @param credits of a whole month
 * @param fromUs from when on until the month's end it is paid for
 */
export function proratedCredits(credits: number, fromUs: Micros): number {
  const month = monthOf(fromUs)
  const seconds = (us: number) => Math.floor(us / 1_000_000)
  const left = seconds(month.toUs) - seconds(fromUs)
  const whole = seconds(month.toUs) - seconds(month.fromUs)
  // 15 million credits by 2.7 million seconds: far below 2⁵³.
  return Math.floor((credits * left) / whole)
}
