import { callApi } from './call-api.ts'
import { type PageKey, pageKey } from './page-key.ts'
import { part } from './part.ts'
import { noKey } from './shown-stand.ts'

/** The second call asks for the book as it was so long ago, ms. */
const AGO_MS = 10 * 60_000
/** A key is replaced so long (ms) before it ends: what was pasted just now still works. */
const EARLY_MS = 25_000
/** It is never replaced sooner, ms. */
const LEAST_MS = 60_000

const CALLS = ['now', 'then'] as const
type Call = (typeof CALLS)[number]

/** The calls on the page that work as pasted: with a key in place, and a new one when that is over. */
export class FirstCalls {
  readonly #ticker: string
  readonly #sinceMs: number | null

  /** @param sinceMs from when on the market is recorded; null when that is not known */
  constructor(ticker: string, sinceMs: number | null) {
    this.#ticker = ticker
    this.#sinceMs = sinceMs
    for (const button of document.querySelectorAll<HTMLButtonElement>('[data-runs]')) {
      const call = CALLS.find((each) => each === button.dataset['runs'])
      if (call === undefined) continue
      button.hidden = false
      button.addEventListener('click', () => void this.#run(call, button))
    }
    document.addEventListener('visibilitychange', () => void this.#refresh())
    void this.#refresh()
  }

  #untilMs = 0
  #timer: ReturnType<typeof setTimeout> | undefined

  /** A page that nobody looks at makes no keys. */
  async #refresh(): Promise<void> {
    if (document.hidden || Date.now() < this.#untilMs) return
    const made = await pageKey()
    if (!made.ok) {
      part('key-note').textContent = noKey(made.code, made.message)
      return
    }
    this.#untilMs = Math.max(made.key.endsMs - EARLY_MS, Date.now() + LEAST_MS)
    this.#show(made.key)
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => void this.#refresh(), this.#untilMs - Date.now())
  }

  #show({ key, expiresMs }: PageKey): void {
    for (const call of CALLS) {
      const url = `${part('calls').dataset['origin'] ?? location.origin}${this.#path(call)}`
      part(`call-${call}`).textContent = `curl -H 'Authorization: Bearer ${key}' \\\n'${url}'`
    }
    const until = new Date(expiresMs).toISOString().slice(11, 16)
    part('key-note').textContent =
      `This key is good until ${until} UTC; then a new one stands here.`
  }

  #path(call: Call): string {
    const path = `/v1/markets/${encodeURIComponent(this.#ticker)}/orderbook?depth=3`
    if (call === 'now') return path
    const at = new Date(Math.max(Date.now() - AGO_MS, this.#sinceMs ?? 0))
    // Its first record is within this second.
    at.setMilliseconds(0)
    if (this.#sinceMs !== null && at.getTime() < this.#sinceMs) at.setSeconds(at.getSeconds() + 1)
    return `${path}&at=${at.toISOString().replace('.000', '')}`
  }

  async #run(call: Call, button: HTMLButtonElement): Promise<void> {
    button.disabled = true
    const path = this.#path(call)
    const began = performance.now()
    const { status, text, headers, error } = await callApi(path)
    const ms = Math.round(performance.now() - began)
    button.disabled = false
    const cost = headers.get('X-Credits-Cost') ?? '0'
    part('answer').hidden = false
    part('answered').textContent =
      status === 0
        ? (error?.message ?? '')
        : `GET ${path} → ${status}, ${ms} ms, ${cost} credit${cost === '1' ? '' : 's'}`
    const shown = part('answer').querySelector('pre')
    if (shown !== null) shown.textContent = indented(text)
  }
}

function indented(text: string): string {
  try {
    // Levels stay on one line.
    return JSON.stringify(JSON.parse(text), null, 2).replace(
      /\[\s+("[^"]*"),\s+("[^"]*")\s+\]/g,
      '[$1, $2]',
    )
  } catch {
    return text
  }
}
