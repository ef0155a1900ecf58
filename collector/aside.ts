/** Frames kept for inspection, the newest. */
const KEPT = 100
const LONGEST = 2000
/** The exchange names our account in these; they are no market data. */
const ACCOUNT_FIELDS = new Set(['client_order_id', 'subaccount'])

export type AsideFrame = { readonly kind: 'unknown' | 'malformed'; readonly text: string }

/** Frames that could not be used, counted and kept aside, bounded, without account fields. */
export class Aside {
  readonly counts = { unknown: 0, malformed: 0 }
  readonly #frames: AsideFrame[] = []

  get frames(): readonly AsideFrame[] {
    return this.#frames
  }

  add(kind: AsideFrame['kind'], text: string): void {
    this.counts[kind] += 1
    this.#frames.push({ kind, text: withoutAccount(text).slice(0, LONGEST) })
    if (this.#frames.length > KEPT) this.#frames.shift()
  }
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
