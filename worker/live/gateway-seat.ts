import { minuteOf } from '#core/market-minutes'
import { type Cover, type Style, sameStyle } from '#core/subscriptions'
import type { ImageReason } from '#core/wire/stream'
import type { StreamChannel } from '#core/wire/stream-command'
import type { BookMessage } from '#core/wire/stream-message'
import type { Connection } from './gateway-connection.ts'
import { type Encoded, encode } from './gateway-encoded.ts'
import type { GatewayMarket } from './gateway-market.ts'
import type { SharedView } from './gateway-view.ts'

/** What a connection is to be told of a book before anything that comes live. */
type Owed =
  | { readonly kind: 'image'; readonly reason: ImageReason }
  | { readonly kind: 'resume'; readonly have: number }
  /** What follows `have` is being looked for in the store. */
  | { readonly kind: 'sought'; readonly have: number }
  /** `release` once they are not kept any more. */
  | { readonly kind: 'records'; readonly messages: readonly BookMessage[]; release(): void }

const NOTHING = () => {}

/** One market on one connection: what it is told of it, and what it is owed. */
export class Seat {
  readonly connection: Connection
  readonly market: GatewayMarket
  readonly channels = new Set<StreamChannel>()
  /** How its book is shown; null when it is not. */
  style: Style | null = null
  /** Shared by all who see the book in the same style, but for the plain one. */
  view: SharedView | null = null
  /** The seq that it was told last; null while it knows nothing. */
  told: number | null = null
  #owed: Owed | null = null
  #owesBbo = false
  #owesStatus = false
  /** Subscriptions that are not ready before this market's first book was sent. */
  #awaitedBy: number[] = []
  /** The last minute that was counted for this seat. */
  #minute = -1

  constructor(connection: Connection, market: GatewayMarket) {
    this.connection = connection
    this.market = market
  }

  /** Whether anything is owed that can be told as soon as there is a book. */
  get isOwed(): boolean {
    const { kind } = this.#owed ?? { kind: null }
    if (kind === 'sought') return false
    return kind !== null || this.#owesBbo || this.#owesStatus || this.#awaitedBy.length > 0
  }
  /** Whether a subscription waits for this market. */
  get isAwaited(): boolean {
    return this.#awaitedBy.length > 0
  }

  /** Takes what is to be told from now on. @param reason why an image begins a book that was not shown, or otherwise */
  become(cover: Cover, reason: ImageReason, have: number | null): void {
    const before = { style: this.style, bbo: this.channels.has('bbo'), status: this.#hearsStatus }
    this.market.seats.add(this)
    this.channels.clear()
    for (const channel of cover.channels) this.channels.add(channel)
    if (this.#hearsStatus && !before.status && this.market.status !== null) this.#owesStatus = true
    if (this.channels.has('bbo') && !before.bbo) this.#owesBbo = true
    if (!sameStyle(before.style, cover.book)) {
      this.style = cover.book
      this.market.seat(this)
      const isAgain = before.style !== null || this.connection.tenure.wasShown(this.market.ticker)
      if (cover.book !== null && isAgain) this.again()
      if (cover.book === null) this.#forgetBook()
      else if (before.style !== null) this.#owe({ kind: 'image', reason: 'resync' })
      else this.#owe(have === null ? { kind: 'image', reason } : { kind: 'resume', have })
    }
    this.connection.enqueue(this)
  }

  /** A subscription is not ready before this seat was told all that it is owed. */
  awaitFor(sub: number): void {
    this.#awaitedBy.push(sub)
  }

  /** Nobody waits for this seat any more. */
  excuse(): void {
    const subs = this.#awaitedBy
    this.#awaitedBy = []
    for (const sub of subs) this.connection.settle(sub)
  }

  /** An image is owed from now on; what comes live meanwhile is not told. */
  owe(reason: ImageReason): void {
    if (this.style === null) return
    const kind = this.#owed?.kind ?? null
    // Who asks for an image has no use for what follows the book that it had.
    const instead = reason === 'resync' && (kind === 'sought' || kind === 'records')
    if (kind === null || instead) this.#owe({ kind: 'image', reason })
    this.connection.enqueue(this)
  }

  /**
   * What was missed after `have` was found, or was not (null).
   * @param release called once the messages are kept no more
   * @returns whether they are kept
   */
  found(have: number, messages: readonly BookMessage[] | null, release = NOTHING): boolean {
    if (this.#owed?.kind !== 'sought' || this.#owed.have !== have) return false
    this.#owe(
      messages === null
        ? { kind: 'image', reason: 'resume_miss' }
        : { kind: 'records', messages, release },
    )
    this.connection.enqueue(this)
    return true
  }

  /** It is no more. */
  end(): void {
    this.#forgetBook()
    this.excuse()
  }

  /** A message of the book comes live. */
  take(message: Encoded): void {
    if (this.#owed !== null) return
    const told = this.told ?? -1
    const { type, from, to } = message
    if (type === 'snapshot' ? to < told : to <= told) return
    const follows = type === 'snapshot' || type === 'gap' || from === told + 1
    if (!follows) this.owe('resync')
    else if (this.connection.offer(message.text)) this.#note(to)
    else this.owe('slow_consumer')
  }

  /** A change of best bid or ask comes live. @param minute in which it counts */
  takeBbo(text: string, minute: number): void {
    if (this.#owesBbo) return
    if (this.connection.offer(text)) {
      this.count(minute)
      return
    }
    this.#owesBbo = true
    this.connection.enqueue(this)
  }

  /** Something of this market was told that counts in a minute. */
  count(minute: number): void {
    if (minute === this.#minute) return
    this.#minute = minute
    this.connection.tenure.minutes.count(this.market.ticker, minute)
  }

  /** Its book is asked for again, which counts as a record does. */
  again(): void {
    if (this.market.live.seq !== null) this.count(minuteOf(Date.now() * 1000))
  }

  takeStatus(text: string): void {
    if (!this.#owesStatus && !this.connection.offer(text)) {
      this.#owesStatus = true
      this.connection.enqueue(this)
    }
  }

  /** Tells all that is owed; the market has a book. @param nowUs the moment of sending, µs */
  pay(nowUs: number): void {
    const owed = this.#owed
    if (owed !== null) {
      if (owed.kind === 'sought') return
      const messages = this.#due(owed, nowUs)
      if (messages === null) return
      const release = owed.kind === 'records' ? owed.release : NOTHING
      this.#owed = null
      for (const [place, message] of messages.entries()) {
        this.#put(encode(message, minuteOf(nowUs)))
        if (!this.connection.isOpen) break
        if (this.#isFull && place + 1 < messages.length) {
          // What is left is told when there is room again, and then what has come meanwhile.
          const left = messages.slice(place + 1)
          this.#owe({ kind: 'records', messages: left, release })
          this.connection.enqueue(this)
          return
        }
      }
      release()
    }
    const bbo = this.#owesBbo ? this.market.bboText : null
    if (bbo !== null) this.connection.put(bbo)
    this.#owesBbo = false
    if (this.#owesStatus && this.market.statusText !== null) {
      this.connection.put(this.market.statusText)
    }
    this.#owesStatus = false
    this.excuse()
  }

  get #hearsStatus(): boolean {
    return this.channels.has('status')
  }

  /** Whether the rest of several records must wait; a view tells no more than an image at once. */
  get #isFull(): boolean {
    return this.view === null && !this.connection.hasRoom
  }

  #owe(owed: Owed | null): void {
    if (this.#owed?.kind === 'records') this.#owed.release()
    this.#owed = owed
  }

  /** Nothing is told of the book any more, and who asks for it later begins anew. */
  #forgetBook(): void {
    this.#owe(null)
    if (this.told !== null) this.connection.tenure.show(this.market.ticker)
    this.told = null
    this.connection.books.forget(this.market.ticker)
  }

  /** What is owed of the book; null when it is to be looked for. */
  #due(owed: Exclude<Owed, { kind: 'sought' }>, nowUs: number): readonly BookMessage[] | null {
    const { live } = this.market
    switch (owed.kind) {
      case 'image':
        return this.#start(owed.reason, nowUs)
      case 'records': {
        const last = owed.messages.at(-1)
        const to = last === undefined ? this.told : encode(last, null).to
        const rest = to === null ? null : live.since(to)
        return rest === null ? this.#start('resume_miss', nowUs) : [...owed.messages, ...rest]
      }
      case 'resume':
        return this.#resume(owed.have, nowUs)
    }
  }

  #resume(have: number, nowUs: number): readonly BookMessage[] | null {
    const { live, ticker } = this.market
    if (have > (live.seq ?? -1)) {
      const message = `resume: ${ticker} has not come to seq ${have}`
      this.connection.say({ type: 'error', code: 'resume_ahead', message, market: ticker })
      this.told = null
      return this.#start('resume_miss', nowUs)
    }
    // Only who sees every record can go on from one.
    if (this.view !== null) return this.#start('resume_miss', nowUs)
    this.told = have
    const outlived = live.outlived(have)
    if (outlived !== null) return outlived
    const missed = have === live.seq ? [] : live.since(have)
    if (missed !== null) return missed
    this.#owe({ kind: 'sought', have })
    this.connection.seek(this, have, live.seq ?? have)
    return null
  }

  #start(reason: ImageReason, nowUs: number): readonly BookMessage[] {
    const { live } = this.market
    // Who was told the end is not sent back before it.
    const ended = this.told === null ? reason === 'resync' : this.told >= (live.seq ?? -1)
    return this.view === null
      ? live.start(reason, ended)
      : this.view.start(this, reason, nowUs, ended)
  }

  #put(message: Encoded): void {
    const told = this.told ?? -1
    if (message.type === 'snapshot' ? message.to < told : message.to <= told) return
    this.connection.put(message.text)
    if (message.minute !== null) this.count(message.minute)
    this.#note(message.to)
  }

  #note(to: number): void {
    this.told = to
    this.connection.books.told(this.market.ticker, to)
  }
}
