import { streamCredits } from '#core/credit'
import { endingOf } from '../playground/file-ending.ts'
import { NDJSON_FORMAT } from '../playground/operation.ts'
import { printCount } from '../print-count.ts'
import { wireCopyButtons } from './copy-button.ts'
import { forgetPageKey, pageKey } from './page-key.ts'
import { part } from './part.ts'
import { element } from './picture/element.ts'
import { VISITOR_RECORDS } from './read-stretch.ts'

const DAY_MS = 86_400_000
/** More than this is not held in a page: the command line is the place for it. */
const MOST_BYTES = 200_000_000

type FileKind = { readonly accept: string; readonly end: string; readonly query: string }

/** The files that are made of a day, by their names in the page. */
const KINDS: Readonly<Record<string, FileKind>> = {
  ndjson: { accept: 'application/x-ndjson', end: 'ndjson', query: '' },
  stream: { accept: 'application/x-ndjson', end: 'stream.ndjson', query: '&layout=stream' },
  csv: { accept: 'text/csv', end: 'csv', query: '' },
  tardis: { accept: 'text/csv', end: 'tardis.csv', query: '&layout=tardis' },
}

/** The part of a market's page that makes a file of a day. */
export class MarketDownloads {
  readonly #ticker: string
  readonly #day = part<HTMLInputElement>('file-day')
  readonly #kind = part<HTMLSelectElement>('file-kind')
  /** One file at a time: each costs. */
  #busy = false

  constructor(ticker: string) {
    this.#ticker = ticker
    const change = () => void this.#tell()
    this.#day.addEventListener('change', change)
    this.#kind.addEventListener('change', change)
    part('file-form').addEventListener('submit', (event) => {
      event.preventDefault()
      if (this.#busy) return
      this.#busy = true
      void this.#make().finally(() => {
        this.#busy = false
      })
    })
    wireCopyButtons()
    change()
  }

  /** What is asked for; null when no day is given. @param visitor rows are bounded then */
  #asked(visitor: boolean): (FileKind & { readonly path: string }) | null {
    const from = Date.parse(`${this.#day.value}T00:00:00Z`)
    const kind = KINDS[this.#kind.value]
    if (Number.isNaN(from) || kind === undefined) return null
    const earliest = visitor ? Math.max(from, Date.now() - DAY_MS) : from
    const range = `from=${printed(earliest)}&to=${printed(from + DAY_MS)}`
    const limit = visitor ? `&limit=${VISITOR_RECORDS}` : ''
    const market = encodeURIComponent(this.#ticker)
    return { ...kind, path: `/v1/markets/${market}/deltas?${range}${kind.query}${limit}` }
  }

  /** Says what the file costs, and how to make it elsewhere. */
  async #tell(): Promise<void> {
    const plain = this.#asked(false)
    if (plain === null) return
    part('file-curl').textContent =
      `curl -H "Authorization: Bearer $KALSHIBOOK_KEY" \\\n  -H "Accept: ${plain.accept}" \\\n  "${location.origin}${plain.path}" > ${this.#name(plain)}`
    const made = await pageKey()
    if (!made.ok) return
    if (made.key.markets !== null) {
      const rows = printCount(VISITOR_RECORDS)
      this.#note('', `Free for visitors: up to ${rows} records of the last 24 hours.`)
      return
    }
    const day = `tr[data-day="${CSS.escape(this.#day.value)}"]`
    const records = part('coverage').querySelector<HTMLElement>(day)?.dataset['records']
    const price = '1 credit for each 1,000 records or part'
    if (records === undefined) {
      this.#note('', `Costs ${price}.`)
      return
    }
    const credits = streamCredits('rows', Number(records))
    const count = printCount(Number(records))
    const cost = `${printCount(credits)} ${credits === 1 ? 'credit' : 'credits'}`
    this.#note('', `Costs ${cost} as of now: the day holds ${count} records, ${price}.`)
  }

  async #make(): Promise<void> {
    const made = await pageKey()
    if (!made.ok) {
      this.#note('bad', `This cannot be read now: ${made.message}.`)
      return
    }
    const asked = this.#asked(made.key.markets !== null)
    if (asked === null) return
    // Another day may be chosen meanwhile.
    const name = this.#name(asked)
    this.#note('', 'Making the file …')
    const headers = { authorization: `Bearer ${made.key.key}`, accept: asked.accept }
    const answer = await fetch(asked.path, { headers }).catch(() => null)
    if (answer?.status === 401) forgetPageKey(made.key.key)
    if (answer === null || !answer.ok || answer.body === null) {
      this.#note('bad', `This could not be read: ${await reasonOf(answer)}.`)
      return
    }
    const parts: Uint8Array<ArrayBuffer>[] = []
    let bytes = 0
    const reader = answer.body.getReader()
    try {
      for (let next = await reader.read(); !next.done; next = await reader.read()) {
        parts.push(next.value)
        bytes += next.value.byteLength
        if (bytes > MOST_BYTES) {
          await reader.cancel()
          this.#note('bad', 'This day is too large for a page: use the command below.')
          return
        }
      }
    } catch {
      this.#note('bad', 'The file broke off: please try again, or use the command below.')
      return
    }
    const file = new Blob(parts, { type: asked.accept })
    const ending = await endingOf(file)
    if (ending.kind === 'broken') {
      this.#note('bad', `The file broke off: ${ending.message}. Please try again.`)
      return
    }
    const link = element('a')
    link.href = URL.createObjectURL(file)
    link.download = name
    link.click()
    setTimeout(() => URL.revokeObjectURL(link.href), DAY_MS / 1440)
    const size = `${name}: ${printCount(Math.ceil(bytes / 1024))} KiB`
    const bounded = made.key.markets !== null && asked.accept !== NDJSON_FORMAT
    // CSV has no place for a last word.
    const more = bounded ? `; at most ${printCount(VISITOR_RECORDS)} records` : ''
    this.#note(
      '',
      ending.kind === 'part' ? `${size}; the day holds more than that.` : `${size}${more}.`,
    )
  }

  #name({ end }: FileKind): string {
    return `${this.#ticker}-${this.#day.value}.${end}`
  }

  #note(kind: 'bad' | '', text: string): void {
    const note = part('file-note')
    note.className = kind === '' ? 'quiet' : kind
    note.textContent = text
  }
}

function printed(ms: number): string {
  return new Date(ms).toISOString()
}

async function reasonOf(answer: Response | null): Promise<string> {
  const body = (await answer?.json().catch(() => null)) as {
    readonly error?: { readonly message?: string }
  } | null
  return body?.error?.message ?? 'KalshiBook cannot be reached now'
}
