import type { FollowedBook } from '../../../client/followed-book.ts'
import { LiveStream } from '../../../client/live.ts'
import type { StreamEvent } from '../../../client/stream-event.ts'
import { askTicket } from '../../../client/ticket.ts'
import { Ladder } from './ladder.ts'
import { pageKey } from './page-key.ts'
import { part } from './part.ts'

const DEPTH = 6
/** Visitors' books are told no more often, ms. */
const CONFLATE_MS = 250
/** A visitor's socket lasts five minutes: so often it is opened again before somebody must say so. */
const ROUNDS = 6

/** How a book stands, in a word and in a sentence. */
type Standing = readonly [state: string, word: string, why: string]

/** The book of one market that moves on the page. */
export class ShownBook {
  readonly #ticker: string
  #ladder: Ladder | null = null
  #stream: LiveStream | null = null
  #rounds = 0
  #feed = 'healthy'
  #dirty = false
  /** Why it does not go on; null while it does. */
  #ended: Standing | null = null

  constructor(ticker: string) {
    this.#ticker = ticker
    part('again').addEventListener('click', () => {
      this.#rounds = 0
      this.#begin()
    })
    document.addEventListener('visibilitychange', () => {
      if (!document.hidden && this.#ended?.[0] === 'paused') this.#begin()
    })
    this.#begin()
  }

  #begin(): void {
    this.#stream?.close()
    this.#ended = null
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
      this.#end(['bad', 'not now', noKey(made.code, made.message)])
      throw new Error(made.message)
    }
    const get: typeof fetch = (url, init) => fetch(url, init)
    const { key } = made.key
    const got = await askTicket(get, location.origin, key, '*', AbortSignal.timeout(10_000))
    if (got.kind === 'ticket') return got.ticket
    if (got.kind === 'refused' && [401, 402, 403].includes(got.status)) {
      this.#end(['bad', 'not now', `This book cannot be shown to visitors now: ${got.message}.`])
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
      case 'error':
        this.#end(['bad', 'not now', `This book cannot be shown now: ${event.message}.`])
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
      this.#end(['paused', 'paused', 'Paused: a visitor’s stream lasts some minutes.'])
      return
    }
    if (cause === 'out_of_credits') {
      this.#end(['bad', 'not now', noKey('payment_required', message)])
      return
    }
    this.#end(['bad', 'not now', `This book cannot be shown now: ${message}.`])
  }

  #end(standing: Standing): void {
    this.#ended = standing
    this.#stream?.close()
    part('again').hidden = false
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
    const [state, word, why] = this.#ended ?? standingOf(book, this.#feed)
    const pill = part('feed')
    pill.className = `pill ${state}`
    if (pill.textContent !== word) pill.textContent = word
    part('why').textContent = why
    part('why').hidden = why === ''
    const view = book?.view(DEPTH) ?? null
    if (view === null && this.#ladder === null) {
      this.#dim()
      return
    }
    if (book !== null && book.seq !== null) part('seq').textContent = `seq ${book.seq}`
    this.#ladder ??= this.#takeOver()
    this.#ladder.show(view, book === null || book.stale || this.#ended !== null)
  }

  /** What the server drew stays until the stream tells; it is no live book. */
  #dim(): void {
    for (const id of ['asks', 'bids']) part(id).className = 'dim'
  }

  #takeOver(): Ladder {
    const [asks, bids] = [part('asks'), part('bids')]
    asks.replaceChildren()
    bids.replaceChildren()
    return new Ladder(asks, bids, part('spread'), DEPTH)
  }
}

/** Why there is no key for a visitor, for a person. */
export function noKey(code: string, message: string): string {
  switch (code) {
    case 'payment_required':
    case 'quota_exceeded':
      return 'What is given away to visitors each day is used up. A free account has its own credits.'
    case 'rate_limited':
      return 'Too many visitors come from your address at this moment. Try again in a minute.'
    default:
      return `No key can be made for a visitor now: ${message}.`
  }
}

function standingOf(book: FollowedBook | null, feed: string): Standing {
  if (book === null || book.kind === 'empty') return ['connecting', 'connecting', '']
  if (book.kind === 'closed') {
    return [
      'closed',
      'closed',
      `This market is over (${book.endReason}). Load the page for another.`,
    ]
  }
  if (book.kind === 'unknown' && book.gap !== null) {
    const from = new Date(book.gap.from / 1000).toISOString().slice(11, 19)
    return ['unknown', 'unknown', `No book is known since ${from} UTC: ${book.gap.cause}.`]
  }
  if (book.stale) {
    const why = feed === 'down' ? 'the exchange does not reach us' : 'connecting again'
    return ['stale', 'stale', `Nobody vouches for this book now: ${why}.`]
  }
  return feed === 'healthy' ? ['live', 'live', ''] : ['degraded', feed, '']
}
