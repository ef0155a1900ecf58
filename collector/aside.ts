import type { Micros } from '#core/instant'
import type { Ticker } from '#core/ticker'

/** Frames kept for inspection, the newest. */
const KEPT = 100
const LONGEST = 2000
const LONGEST_REASON = 200
const MINUTE_US = 60_000_000
/** A flood of them says no more than its beginning. */
const STORED_A_MINUTE = 600
/** The exchange names our account in these; they are no market data. */
const ACCOUNT_FIELDS = new Set(['client_order_id', 'subaccount'])

/** Hears of a frame that could not be used, and of the market that it names. */
export type UnusableFrame = (
  kind: 'malformed' | 'unknown',
  text: string,
  market: Ticker | null,
  reason: string,
) => void

export type AsideFrame = { readonly kind: 'unknown' | 'malformed'; readonly text: string }

/** Frames that could not be used, counted and kept aside, bounded, without account fields. */
export class Aside {
  readonly counts = { unknown: 0, malformed: 0 }
  readonly #frames: AsideFrame[] = []
  #minute = 0
  #stored = 0

  get frames(): readonly AsideFrame[] {
    return this.#frames
  }

  /** @returns the text as it may be stored, or null when enough of this minute's are stored */
  add(kind: AsideFrame['kind'], given: string, now: Micros): string | null {
    const text = withoutAccount(given).slice(0, LONGEST)
    this.counts[kind] += 1
    this.#frames.push({ kind, text })
    if (this.#frames.length > KEPT) this.#frames.shift()
    if (now - this.#minute >= MINUTE_US) {
      this.#minute = now
      this.#stored = 0
    }
    this.#stored += 1
    return this.#stored <= STORED_A_MINUTE ? text : null
  }
}

/** Why a frame is kept, as it may be stored: a reason can quote what the frame says. */
export function shortReason(reason: string): string {
  return reason.slice(0, LONGEST_REASON)
}

function withoutAccount(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), (key, value: unknown) =>
      ACCOUNT_FIELDS.has(key) ? undefined : value,
    )
  } catch {
    // Not JSON: what it names cannot be told apart, so nothing of it is kept.
    return `${text.length} characters that are no JSON`
  }
}
