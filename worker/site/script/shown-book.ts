import { LiveStream } from '../../../client/live.ts'
import type { StreamEvent } from '../../../client/stream-event.ts'
import { askTicket } from '../../../client/ticket.ts'
import type { Stand } from './live-stand.ts'
import { forgetPageKey, pageKey } from './page-key.ts'
import { part } from './part.ts'
import { Ladder } from './picture/ladder.ts'
import { noKey, notNow, PAUSED, shownStand } from './shown-stand.ts'

const DEPTH = 6
/** Visitors' books are told no more often, ms. */
const CONFLATE_MS = 250
/** A visitor's socket lasts five minutes: so often it is opened again before somebody must say so. */
const ROUNDS = 6

/** The book of one market that moves on the page. */
export class ShownBook {
  readonly #ticker: string
  #ladder: Ladder | null = null
  #stream: LiveStream | null = null
  #rounds = 0
  #feed = 'healthy'
  /** The last attempt at a stream failed. */
  #failing = false
  #dirty = false
  /** Why it does not go on; null while it does. */
  #ended: Stand | null = null

  constructor(ticker: string) {
    this.#ticker = ticker
    part('again').addEventListener('click', () => {
      this.#rounds = 0
      this.#begin()
    })
    document.addEventListener('visibilitychange', () => {
      if (!document.hidden && this.#ended === PAUSED) this.#begin()
    })
    this.#begin()
  }

  #begin(): void {
    this.#stream?.close()
    this.#ended = null
    this.#failing = false
    this.#rounds += 1
    part('again').hidden = true
    const options = { url: location.origin, ticket: () => this.#ticket() }
    this.#stream = new LiveStream(options)
    this.#stream.subscribe({ markets: [this.#ticker], conflateMs: CONFLATE_MS })
    void this.#follow(this.#stream)
    this.#draw()
  }

  async #ticket(): Promise<string> {
    const made = await pageKey()
    if (!made.ok) {
      this.#end(notNow(noKey(made.code, made.message)))
      throw new Error(made.message)
    }
    const get: typeof fetch = (url, init) => fetch(url, init)
    const { key } = made.key
    const got = await askTicket(get, location.origin, key, '*', AbortSignal.timeout(10_000))
    if (got.kind === 'ticket') return got.ticket
    // The next attempt is made with another key.
    if (got.kind === 'refused' && got.status === 401) forgetPageKey(key)
    if (got.kind === 'refused' && [401, 402, 403].includes(got.status)) {
      this.#end(notNow(`This book cannot be shown to visitors now: ${got.message}.`))
    }
    throw new Error(got.kind === 'refused' ? got.message : 'no ticket was given')
  }

  async #follow(stream: LiveStream): Promise<void> {
    for await (const event of stream) {
      if (stream !== this.#stream) return
      this.#hear(event)
      this.#later()
    }
  }

  #hear(event: StreamEvent): void {
    switch (event.type) {
      case 'heartbeat': {
        this.#feed = event.feed
        const age = event.upstream_age_ms
        const heard = age === null ? null : new Date(Date.now() - age)
        // A moment stays true when nothing comes any more; "90 ms ago" would not.
        part('age').textContent =
          heard === null ? '' : `exchange heard ${heard.toISOString().slice(11, 19)} UTC`
        return
      }
      case 'stale':
        this.#failing = true
        return
      case 'healthy':
        this.#failing = false
        return
      case 'error':
        this.#end(notNow(`This book cannot be shown now: ${event.message}.`))
        return
      case 'stopped':
        this.#stopped(event.cause, event.message)
        return
      default:
        return
    }
  }

  #stopped(cause: string, message: string): void {
    if (this.#ended !== null) return
    if (cause === 'plan_forbids' && !document.hidden && this.#rounds < ROUNDS) {
      this.#begin()
      return
    }
    if (cause === 'plan_forbids') {
      this.#end(PAUSED)
      return
    }
    if (cause === 'out_of_credits') {
      this.#end(notNow(noKey('payment_required', message)))
      return
    }
    this.#end(notNow(`This book cannot be shown now: ${message}.`))
  }

  #end(stand: Stand): void {
    this.#ended = stand
    this.#stream?.close()
    part('again').hidden = false
    part('again').textContent = stand === PAUSED ? 'Go on' : 'Try again'
    this.#draw()
  }

  #later(): void {
    if (this.#dirty) return
    this.#dirty = true
    requestAnimationFrame(() => this.#draw())
  }

  #draw(): void {
    this.#dirty = false
    const book = this.#stream?.book(this.#ticker) ?? null
    const { state, word, why } = this.#ended ?? shownStand(book, this.#feed, this.#failing)
    const pill = part('feed')
    pill.className = `pill ${state}`
    if (pill.textContent !== word) pill.textContent = word
    if (part('why').textContent !== why) part('why').textContent = why
    part('why').hidden = why === ''
    const view = book?.view(DEPTH) ?? null
    if (view === null && this.#ladder === null) {
      this.#dim()
      return
    }
    if (book !== null && book.seq !== null) part('seq').textContent = `seq ${book.seq}`
    part('ladder').className = ''
    this.#ladder ??= new Ladder(part('ladder'), DEPTH)
    this.#ladder.show(view, book === null || book.stale || this.#ended !== null)
  }

  /** What the server drew stays until the stream tells; it is no live book. */
  #dim(): void {
    part('ladder').className = 'dim'
  }
}
