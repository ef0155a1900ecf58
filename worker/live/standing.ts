import { type WireStatus, wireStatus } from '#core/wire/status'

/** Prints where a market stands as a header can carry it. */
export function printStanding(standing: WireStatus): string {
  return encodeURIComponent(JSON.stringify(standing))
}

/** Reads `printStanding`; null for what it did not print. */
export function readStanding(header: string | null): WireStatus | null {
  try {
    return wireStatus.safeParse(JSON.parse(decodeURIComponent(header ?? ''))).data ?? null
  } catch {
    return null
  }
}

/** The one of two that was heard later; a market's state is what was heard of it last. */
export function laterStanding(a: WireStatus | null, b: WireStatus | null): WireStatus | null {
  if (a === null || b === null) return a ?? b
  return b.recv_us > a.recv_us ? b : a
}

/** Whether two of them say the same of the market. */
export function sameStanding(a: WireStatus, b: WireStatus): boolean {
  return (
    a.market_status === b.market_status &&
    a.result === b.result &&
    a.settlement_value === b.settlement_value
  )
}
