/**
 * The instant so many months after a billing anchor, s; a day that a month lacks is its last.
 * @param months may be below 0
 */
export function monthsAfter(anchorS: number, months: number): number {
  const anchor = new Date(anchorS * 1000)
  const [year, month] = [anchor.getUTCFullYear(), anchor.getUTCMonth() + months]
  const days = new Date(Date.UTC(year, month + 1, 0)).getUTCDate()
  const day = Math.min(anchor.getUTCDate(), days)
  const ofDayMs = (anchorS * 1000) % 86_400_000
  return (Date.UTC(year, month, day) + ofDayMs) / 1000
}

/** The billing month, counted from an anchor, that an instant lies in, s; `to` is exclusive. */
export function billingMonth(anchorS: number, atS: number): { from: number; to: number } {
  const [anchor, at] = [new Date(anchorS * 1000), new Date(atS * 1000)]
  let months =
    (at.getUTCFullYear() - anchor.getUTCFullYear()) * 12 + at.getUTCMonth() - anchor.getUTCMonth()
  while (monthsAfter(anchorS, months) > atS) months -= 1
  while (monthsAfter(anchorS, months + 1) <= atS) months += 1
  return { from: monthsAfter(anchorS, months), to: monthsAfter(anchorS, months + 1) }
}
