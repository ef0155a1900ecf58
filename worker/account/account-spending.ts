import type { Admission, SpendAsk } from '#core/admission'
import type { CallEnd } from '#core/call-log'
import type { Micros } from '#core/instant'
import { isPageKey, keyRefusal } from '#core/key-standing'
import { isInPaymentTrouble, type Terms } from '#core/terms'
import { isVisitors, periodOf } from '#core/visitor-standing'
import type { OpenSpend, Settled, SpendMemory } from './account-memory.ts'
import type { Purse } from './account-purse.ts'
import type { Rate } from './account-rate.ts'
import type { Known } from './account-standing.ts'
import type { AccountTerms, KnownAccount } from './account-terms.ts'
import type { Usage } from './account-usage.ts'

/** What is not settled for so long (ms) is free again. */
const HELD_MS = 60_000
/** Settlings that came before their requests: so many, for so long as those may be held. */
const MOST_EARLY = 1000
/** Under which id keys that no row stands for are counted together. */
export const PAGES = 'page'
const UNKNOWN_RATE = { perS: 0, burst: 0, remaining: 0, resetMs: 0 }

type Refusal = Pick<Extract<Admission, { ok: false }>, 'code' | 'message' | 'retryAfterMs'>
type Early = {
  readonly credits: number
  readonly failed: boolean
  readonly end: CallEnd | null
  readonly atMs: number
}
type What = Pick<OpenSpend, 'keyId' | 'route' | 'requests'>

/** Admits requests and settles what they cost. Each call runs to its end in one turn, so that nothing is decided twice. */
export class Spending {
  readonly #name: string
  readonly #memory: SpendMemory
  readonly #purse: Purse
  readonly #usage: Usage
  readonly #terms: AccountTerms
  readonly #rate: Rate
  /** What is reserved, the oldest first. */
  readonly #open = new Map<string, OpenSpend>()
  readonly #early = new Map<string, Early>()

  constructor(
    name: string,
    memory: SpendMemory,
    purse: Purse,
    usage: Usage,
    terms: AccountTerms,
    rate: Rate,
  ) {
    this.#name = name
    this.#memory = memory
    this.#purse = purse
    this.#usage = usage
    this.#terms = terms
    this.#rate = rate
    const { open, unfolded } = memory.recall()
    for (const spend of open) {
      this.#open.set(spend.id, spend)
      purse.hold(spend.keyId, spend.held)
    }
    for (const settled of unfolded) {
      purse.roll(periodOf(name, settled.hourUs).fromUs)
      this.#count(settled)
    }
  }

  /** Whether anything is reserved. */
  get isHolding(): boolean {
    return this.#open.size > 0
  }

  /** Reserves credits and takes part of the rate, or says why not. */
  spend({ standing, keys }: Known, ask: SpendAsk, nowMs: number): Admission {
    if (standing === null) return unknownAccount()
    const known = { standing, keys }
    this.releaseDue(known, nowMs)
    const { requestId: id, route, credits } = ask
    const terms = this.#terms.at(known, us(nowMs))
    const open = this.#open.get(id)
    if (open !== undefined)
      return this.#answer(terms, nowMs, this.#raise(known, terms, open, credits))
    if (this.#memory.find(id) !== null) return this.#answer(terms, nowMs, null)
    const refusal = this.#judge(known, terms, ask, nowMs)
    if (refusal !== null) return this.#answer(terms, nowMs, refusal)
    const what = { keyId: this.countedAs(ask.keyId), route, requests: ask.counts ? 1 : 0 }
    const { method = 'GET' } = ask
    const spend = { id, ...what, held: credits, atMs: nowMs, method }
    this.#memory.reserve(spend)
    this.#open.set(id, spend)
    this.#purse.hold(spend.keyId, credits)
    this.#settleEarly(known, spend, nowMs)
    return this.#answer(terms, nowMs, null)
  }

  /**
   * Fixes what a request cost, once; never more than it had reserved. One that has not asked yet is settled as soon as it does:
   * calls of two requests may overtake each other.
   */
  settle(
    known: KnownAccount,
    id: string,
    credits: number,
    failed: boolean,
    end: CallEnd | null,
    nowMs: number,
  ): void {
    this.releaseDue(known, nowMs)
    const open = this.#open.get(id)
    const settled = { credits, failed, end }
    if (open !== undefined) this.#end(known, open, { state: 'settled', ...settled }, nowMs)
    else if (this.#memory.find(id) === null) this.#noteEarly(id, { ...settled, atMs: nowMs })
  }

  /**
   * Charges what was delivered already, once, as far as credits are left: what is beyond them is our loss, and nobody's cap is
   * passed. @returns what was charged
   */
  charge(known: KnownAccount, id: string, what: What, credits: number, nowMs: number): number {
    this.releaseDue(known, nowMs)
    const open = this.#open.get(id)
    if (open !== undefined) {
      this.#end(known, open, { state: 'settled', credits, failed: false, end: null }, nowMs)
      return Math.min(credits, open.held)
    }
    const before = this.#memory.find(id)
    if (before === 'settled') return credits
    const terms = this.#terms.at(known, us(nowMs))
    // One that was released is counted already.
    const requests = before === null ? what.requests : 0
    const counted = { ...what, requests, keyId: this.countedAs(what.keyId) }
    const paid = Math.min(credits, this.leftOf(known, terms, what.keyId))
    const settled = this.#settled(terms, counted, paid, 0, nowMs)
    this.#memory.charge(id, nowMs, settled)
    return paid
  }

  /** The credits that a key may still reserve. */
  leftOf({ keys }: KnownAccount, terms: Terms, keyId: string): number {
    const cap = keys.get(keyId)?.month_cap ?? null
    return Math.min(this.#purse.left(terms), this.#purse.leftOfKey(keyId, cap))
  }

  /** Frees what was not settled in time: it costs nothing. */
  releaseDue(known: KnownAccount, nowMs: number): void {
    for (const open of this.#open.values()) {
      if (nowMs - open.atMs < HELD_MS) break
      this.#end(known, open, { state: 'released', credits: 0, failed: true, end: null }, nowMs)
    }
    for (const [id, { atMs }] of this.#early) {
      if (nowMs - atMs < HELD_MS) break
      this.#early.delete(id)
    }
  }

  /** Why a request is not admitted; takes part of the rate, unless there is none, or the key is no good. */
  #judge(known: KnownAccount, terms: Terms, ask: SpendAsk, nowMs: number): Refusal | null {
    const isOurs = isVisitors(this.#name) || isPageKey(ask.keyId)
    const key = known.keys.get(ask.keyId)
    const barred = keyRefusal(known.standing, isOurs ? 'ours' : key, us(nowMs))
    if (barred !== null) return barred
    const { requestsPerS } = terms.plan
    const waitMs = ask.counts ? this.#rate.take(requestsPerS, nowMs) : null
    const refusal =
      waitMs === null ? this.#creditRefusal(known, ask.keyId, ask.credits, terms) : tooMany(waitMs)
    const code = refusal?.code
    if (code === 'rate_limited' || code === 'quota_exceeded' || code === 'payment_required')
      this.#rate.refused(code, requestsPerS, nowMs)
    return refusal
  }

  #creditRefusal(
    known: KnownAccount,
    keyId: string,
    credits: number,
    terms: Terms,
  ): Refusal | null {
    if (credits === 0) return null
    if (credits > this.#purse.left(terms)) {
      return isInPaymentTrouble(known.standing)
        ? { code: 'payment_required', message: 'a payment is due: see your billing page' }
        : { code: 'quota_exceeded', message: 'the credits of this month are spent' }
    }
    if (credits <= this.leftOf(known, terms, keyId)) return null
    return { code: 'quota_exceeded', message: 'the monthly credit cap of this API key is reached' }
  }

  /** A request that was admitted turns out to cost more: reserves the difference, or says why not. */
  #raise(known: KnownAccount, terms: Terms, open: OpenSpend, credits: number): Refusal | null {
    const more = credits - open.held
    if (more <= 0) return null
    const refusal = this.#creditRefusal(known, open.keyId, more, terms)
    if (refusal !== null) return refusal
    this.#memory.raise(open.id, credits)
    this.#open.set(open.id, { ...open, held: credits })
    this.#purse.hold(open.keyId, more)
    return null
  }

  #settleEarly(known: KnownAccount, open: OpenSpend, nowMs: number): void {
    const early = this.#early.get(open.id)
    if (early === undefined) return
    this.#early.delete(open.id)
    this.#end(known, open, { state: 'settled', ...early }, nowMs)
  }

  #noteEarly(id: string, early: Early): void {
    for (const oldest of this.#early.keys()) {
      if (this.#early.size < MOST_EARLY) break
      this.#early.delete(oldest)
    }
    this.#early.set(id, early)
  }

  #end(
    known: KnownAccount,
    open: OpenSpend,
    end: {
      readonly state: 'settled' | 'released'
      readonly credits: number
      readonly failed: boolean
      readonly end: CallEnd | null
    },
    nowMs: number,
  ): void {
    this.#open.delete(open.id)
    this.#purse.hold(open.keyId, -open.held)
    const terms = this.#terms.at(known, us(nowMs))
    const credits = Math.min(Math.max(0, end.credits), open.held)
    const failed = end.failed ? open.requests : 0
    const settled = this.#settled(terms, open, credits, failed, nowMs)
    this.#memory.settle(open.id, end.state, settled, end.end)
  }

  #settled(
    terms: Terms,
    { keyId, route, requests }: What,
    credits: number,
    failed: number,
    nowMs: number,
  ): Settled {
    const over = this.#purse.overPart(credits, terms)
    const hourUs = this.#usage.hourAt(us(nowMs))
    const settled = { keyId, route, requests, failed, credits, over, hourUs, plan: terms.plan.name }
    this.#count(settled)
    return settled
  }

  #count(settled: Settled): void {
    this.#purse.add(settled.keyId, settled.credits, settled.over)
    this.#usage.add(settled)
  }

  /** Keys without a row are many: they are counted as one. */
  countedAs(keyId: string): string {
    return isVisitors(this.#name) || isPageKey(keyId) ? PAGES : keyId
  }

  #answer(terms: Terms, nowMs: number, refusal: Refusal | null): Admission {
    const stands = {
      plan: terms.plan.name,
      rate: this.#rate.word(terms.plan.requestsPerS, nowMs),
      left: this.#purse.left(terms),
    }
    return refusal === null ? { ok: true, ...stands } : { ok: false, ...stands, ...refusal }
  }
}

function us(ms: number): Micros {
  return (ms * 1000) as Micros
}

function tooMany(retryAfterMs: number): Refusal {
  return { code: 'rate_limited', message: 'too many requests', retryAfterMs }
}

function unknownAccount(): Admission {
  const message = 'there is no such account'
  return { ok: false, code: 'unauthorized', message, plan: 'free', rate: UNKNOWN_RATE, left: 0 }
}
