import type { Call } from '../../playground/call.ts'
import { type Refusal, refusalIn, send } from './send.ts'

/** What a call would cost, or why it would be refused. */
export type Cost =
  | { readonly kind: 'credits' /** null when nothing bounds it. */; readonly most: number | null }
  | { readonly kind: 'refused'; readonly refusal: Refusal }

/** Who types on is not asked about (ms), and nobody more often than this. */
const PAUSE_MS = 400
const SPACING_MS = 1000

/** Asks what calls cost before they are sent, by dry runs: they take part of the rate, so they come once a second at most. */
export class CostAsker {
  readonly #tell: (cost: Cost | null) => void
  #timer: ReturnType<typeof setTimeout> | undefined
  #lastMs = Number.NEGATIVE_INFINITY
  #asked = ''
  #asking = new AbortController()

  /** @param tell is told what the newest call costs, null while that is not known */
  constructor(tell: (cost: Cost | null) => void) {
    this.#tell = tell
  }

  /** Another call is to be sent. @param call null when there is none to ask about */
  ask(call: Call | null): void {
    const text = call === null ? '' : `${call.accept} ${call.path}`
    if (text === this.#asked && text !== '') return
    this.#asked = text
    clearTimeout(this.#timer)
    this.#asking.abort()
    if (call === null) return
    this.#tell(null)
    const wait = Math.max(PAUSE_MS, this.#lastMs + SPACING_MS - performance.now())
    this.#timer = setTimeout(() => void this.#run(call), wait)
  }

  async #run(call: Call): Promise<void> {
    this.#lastMs = performance.now()
    this.#asking = new AbortController()
    const { signal } = this.#asking
    const path = `${call.path}${call.path.includes('?') ? '&' : '?'}dry_run=1`
    try {
      const answer = await send(call, path, signal)
      const cost = 'refused' in answer ? refused(answer.refused) : read(await answer.body.text())
      if (!signal.aborted) this.#tell(cost)
    } catch (error) {
      if (!signal.aborted) throw error
    }
  }
}

function refused(refusal: Refusal): Cost {
  return { kind: 'refused', refusal }
}

function read(text: string): Cost {
  const refusal = refusalIn(text)
  if (refusal !== null) return refused(refusal)
  const said = parsed(text)
  if (said === null) return refused({ code: 'unreachable', message: 'the answer cannot be read' })
  return { kind: 'credits', most: said.data.credits }
}

function parsed(text: string) {
  try {
    return JSON.parse(text) as { readonly data: { readonly credits: number | null } }
  } catch {
    return null
  }
}
