import type { Call } from '../../playground/call.ts'
import { endingOf } from '../../playground/file-ending.ts'
import { JSON_FORMAT, NDJSON_FORMAT } from '../../playground/operation.ts'
import { printJson } from '../../playground/print-json.ts'
import { part } from '../part.ts'
import { element } from '../picture/element.ts'
import { drawPicture } from './pictures.ts'
import type { Refusal, Sent } from './send.ts'
import { Tabs } from './tabs.ts'

/** Characters of an answer that are shown. */
const SHOWN = 200_000
/** What is longer (bytes) is not read whole, only shown in part. */
const READ = 16_000_000

const PICTURE = 'Picture'
const PLAIN = 'JSON'

/** Where an answer is shown. */
export class AnswerView {
  readonly #tabs: Tabs
  #body: Blob | null = null
  #call: Call | null = null
  /** How often it was begun: an answer that is still being read then is not shown any more. */
  #begun = 0
  /** What was chosen last; a picture while there is one. */
  #wanted = PICTURE

  constructor() {
    const names = new Map([
      [PICTURE, 'picture'],
      [PLAIN, 'json'],
    ])
    this.#tabs = new Tabs(part('answer-tabs'), names, 'How the answer is shown', (name) => {
      this.#wanted = name
      this.#open(true)
    })
    part('download').addEventListener('click', () => this.#download())
  }

  /** Nothing is shown any more but that something is under way. */
  begin(words: string): void {
    this.#begun += 1
    this.state('', words)
    for (const id of ['told', 'refusal', 'answer-tabs', 'picture', 'json', 'after', 'next']) {
      part(id).hidden = true
    }
    part('picture').replaceChildren()
    part('text').textContent = ''
    part('refusal').textContent = ''
  }

  /** Says how it stands. @param look of a pill */
  state(look: string, words: string): void {
    const pill = part('state')
    pill.className = `pill ${look}`
    // What is said again is read aloud again.
    if (pill.textContent !== words) pill.textContent = words
  }

  /** Shows a picture that is made elsewhere. */
  host(): HTMLElement {
    part('picture').hidden = false
    return part('picture')
  }

  /** Shows why there is no answer. */
  refuse({ code, message, param }: Refusal, status: number | null): void {
    this.state('bad', status === null ? code : `${status} ${code}`)
    const refusal = part('refusal')
    refusal.textContent = param === undefined ? message : `${param}: ${message}`
    refusal.hidden = false
  }

  /** Shows an answer. @returns the cursor of the page after it, if any */
  async show(call: Call, sent: Sent): Promise<string | null> {
    this.#call = call
    this.#body = sent.body
    this.#tell(sent)
    const begun = this.#begun
    const { parsed, text } = await readBody(sent)
    const ending = sent.status === 200 && !sent.cut ? await endingOf(sent.body) : null
    if (begun !== this.#begun) return null
    if (ending?.kind === 'broken') {
      this.refuse({ code: 'broke off', message: ending.message }, sent.status)
    }
    const printed =
      parsed === undefined
        ? { text: text.slice(0, SHOWN), whole: text.length <= SHOWN }
        : printJson(parsed, SHOWN)
    part('text').textContent = printed.text
    part('cut').textContent = wordsOfCut(printed.whole && sent.body.size <= READ, sent)
    const picture = element('div')
    part('picture').replaceChildren(picture)
    part('picture').hidden = false
    const drawn =
      sent.status === 200 && (await drawPicture(picture, call, parsed ?? linesOf(call, text)))
    if (begun !== this.#begun) return null
    this.#open(drawn)
    part('after').hidden = false
    const next = (parsed as { readonly next_cursor?: unknown } | null | undefined)?.next_cursor
    part('next').hidden = typeof next !== 'string'
    return typeof next === 'string' ? next : null
  }

  #open(drawn: boolean): void {
    part('answer-tabs').hidden = !drawn
    const picture = drawn && this.#wanted === PICTURE
    this.#tabs.show(picture ? PICTURE : PLAIN)
    part('picture').hidden = !picture
    part('json').hidden = picture
  }

  #tell({ status, headers, body, tookMs }: Sent): void {
    this.state(status < 300 ? 'good' : 'bad', String(status))
    const rows: readonly (readonly [string, string | null])[] = [
      ['Took', `${Math.round(tookMs)} ms`],
      ['Size', sizeOf(body.size)],
      ['Credits', headers.get('x-credits-cost')],
      ['Credits left', headers.get('x-credits-remaining')],
      ['Rate', rateOf(headers)],
      ['Holes', headers.get('x-holes')],
      ['Request id', headers.get('x-request-id')],
    ]
    const told = rows.flatMap(([name, text]) =>
      text === null ? [] : [element('div', '', element('dt', '', name), element('dd', '', text))],
    )
    part('told').replaceChildren(...told)
    part('told').hidden = false
  }

  #download(): void {
    if (this.#body === null || this.#call === null) return
    const link = element('a')
    link.href = URL.createObjectURL(this.#body)
    link.download = `${this.#call.operation.id}.${extensionOf(this.#body.type)}`
    link.click()
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000)
  }
}

async function readBody({ body }: Sent): Promise<{ parsed: unknown; text: string }> {
  if (body.size > READ) return { parsed: undefined, text: await body.slice(0, SHOWN * 4).text() }
  const text = await body.text()
  if (!body.type.startsWith(JSON_FORMAT)) return { parsed: undefined, text }
  try {
    return { parsed: JSON.parse(text), text }
  } catch {
    return { parsed: undefined, text }
  }
}

/** Rows of NDJSON, as a page has them; what is no line of a row is left out. */
function linesOf({ accept }: Call, text: string): unknown {
  if (accept !== NDJSON_FORMAT) return undefined
  const data = text.split('\n').flatMap((line) => {
    try {
      return [JSON.parse(line) as unknown]
    } catch {
      return []
    }
  })
  return { data }
}

function wordsOfCut(whole: boolean, { body, cut }: Sent): string {
  if (cut)
    return `The page stopped reading at ${sizeOf(body.size)}. The code below reads all of it.`
  return whole ? '' : `Only the beginning is shown. The download has all ${sizeOf(body.size)}.`
}

/** `"plan";r=8;t=1` of `"plan";q=10;w=2`, in words. */
function rateOf(headers: Headers): string | null {
  const left = /;r=(\d+)/.exec(headers.get('ratelimit') ?? '')?.[1]
  const [, most, seconds] = /;q=(\d+);w=(\d+)/.exec(headers.get('ratelimit-policy') ?? '') ?? []
  return left === undefined || most === undefined ? null : `${left} of ${most} in ${seconds} s left`
}

function sizeOf(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`
  return bytes < 1e6 ? `${(bytes / 1000).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`
}

function extensionOf(type: string): string {
  if (type.includes('csv')) return 'csv'
  return type.includes('ndjson') ? 'ndjson' : 'json'
}
