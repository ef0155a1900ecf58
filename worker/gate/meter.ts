import type { Context } from 'hono'
import type { Admission } from '#core/admission'
import { API_ERROR_STATUS, type ApiError } from '#core/api-error'
import { BROKE_OFF } from '#core/call-log'
import { BURST_S, planOf } from '#core/plan'
import type { App } from '../context.ts'
import { ACCOUNT_AWAY } from './account-object.ts'
import { type Admitted, rateOf } from './admitted.ts'
import { type AccountWord, askAccount, type Settlement, settleAccount } from './ask-account.ts'
import type { Caller } from './caller.ts'
import { passGate, settlePassed } from './open-gate.ts'
import { blockOf, noteRefusal } from './refusals.ts'

const OVERLOADED: ApiError = {
  code: 'rate_limited',
  message: 'more requests of this account come than can be counted',
}

/** Of a request's method so much is told on. */
const LONGEST_METHOD = 10

/** What one request spends: reserved beside its work, in blocks if it streams, and settled when what it cost is known. */
export class Meter {
  readonly caller: Caller
  /** The path as it is described; `other` for an address where nothing is. */
  readonly route: string
  readonly #c: Context<App>
  readonly #first: Promise<Admitted>
  readonly #beganMs = Date.now()
  #reserved: number
  #left: number | null = null
  #passed = false
  #blocks = 1
  #streams = false

  /** Begins to spend. @param credits that are reserved */
  constructor(c: Context<App>, caller: Caller, route: string, credits: number) {
    this.#c = c
    this.caller = caller
    this.route = route
    this.#reserved = credits
    this.#first = this.#begin(credits)
    // Who refuses before it has answered waits for it later.
    this.#first.catch(() => {})
  }

  /** Credits that are reserved. */
  get reserved(): number {
    return this.#reserved
  }

  /** Credits that may be spent when what is reserved is; null where nobody could say. */
  get left(): number | null {
    return this.#left
  }

  /** Whether its rows settle what it costs. */
  get streams(): boolean {
    return this.#streams
  }

  /** Leaves it to the rows that are streamed to settle. */
  handOver(): void {
    this.#streams = true
  }

  /** The account's word on the request. */
  admitted(): Promise<Admitted> {
    return this.#first
  }

  /** Reserves more for the request, so many credits in all. @returns why it cannot; null when it is done */
  async raise(credits: number): Promise<ApiError | null> {
    const admitted = await this.#first
    if (!admitted.ok) return admitted.error
    if (credits <= this.#reserved) return null
    // Without its account's word a request costs a credit at most.
    if (this.#passed) return ACCOUNT_AWAY
    const { word } = await this.#spend(this.#requestId, credits, false)
    if (typeof word === 'string') return word === 'overloaded' ? OVERLOADED : ACCOUNT_AWAY
    if (!word.ok) return errorOf(word)
    this.#reserved = credits
    this.#left = word.left
    return null
  }

  /** Reserves credits for a further block of a stream. @returns its id, or why there is none */
  async nextBlock(
    credits: number,
  ): Promise<{ readonly id: string } | { readonly error: ApiError }> {
    if (this.#passed) return { error: ACCOUNT_AWAY }
    this.#blocks += 1
    const id = `${this.#requestId}.${this.#blocks}`
    const { word, held } = await this.#spend(id, credits, false)
    if (typeof word !== 'string' && word.ok) return { id }
    this.#settleAt(held, { requestId: id, credits: 0, failed: true })
    if (typeof word !== 'string') return { error: errorOf(word) }
    return { error: word === 'overloaded' ? OVERLOADED : ACCOUNT_AWAY }
  }

  /**
   * Fixes what the request cost, or a block of it. Nobody waits for it.
   * @param status of the answer; BROKE_OFF for rows that did not come to their end
   */
  settle(credits: number, status: number, requestId = this.#requestId): void {
    const failed = status === BROKE_OFF || status >= 400
    if (!this.#passed) {
      const end = { status, ms: Date.now() - this.#beganMs }
      this.#settleAt(this.caller.spendsFrom, { requestId, credits, failed, end })
    } else if (credits !== this.#reserved) {
      const c = this.#c
      c.executionCtx.waitUntil(settlePassed(c, requestId, credits).catch(() => {}))
    }
  }

  #settleAt(names: readonly string[], settlement: Settlement): void {
    const { env, executionCtx } = this.#c
    for (const name of names) executionCtx.waitUntil(settleAccount(env, name, settlement))
  }

  get #requestId(): string {
    return this.#c.get('requestId')
  }

  async #begin(credits: number): Promise<Admitted> {
    const { env } = this.#c
    const blocked = blockOf(env, this.caller)
    if (blocked !== null) return blocked
    const { word, held } = await this.#spend(this.#requestId, credits, true)
    const admitted = await this.#judge(word, credits)
    if (!admitted.ok) {
      const end = { status: API_ERROR_STATUS[admitted.error.code], ms: Date.now() - this.#beganMs }
      this.#settleAt(held, { requestId: this.#requestId, credits: 0, failed: true, end })
    }
    return admitted
  }

  async #judge(word: AccountWord, credits: number): Promise<Admitted> {
    if (word === 'overloaded') return { ok: false, error: OVERLOADED, rate: null, left: null }
    if (word === 'unreachable') return this.#pass(credits)
    const { left } = word
    const rate = rateOf(word)
    if (word.ok) {
      this.#left = left
      return { ok: true, plan: word.plan, rate, left }
    }
    noteRefusal(this.#c, this.caller, { rate: word.rate, left })
    const error = errorOf(word)
    // Whose key opens nothing is told nothing of the account.
    const isStranger = API_ERROR_STATUS[error.code] === 401
    return { ok: false, error, ...(isStranger ? { rate: null, left: null } : { rate, left }) }
  }

  /**
   * Reserves at each of the objects, one after the other: who may not spend at the first takes nothing from the next, which
   * others share. The first that does not admit has the word.
   * @returns with those which may hold it; of one that was too late nobody knows
   */
  async #spend(
    requestId: string,
    credits: number,
    counts: boolean,
  ): Promise<{ readonly word: AccountWord; readonly held: readonly string[] }> {
    const { keyId, rev, spendsFrom } = this.caller
    const method = this.#c.req.method.slice(0, LONGEST_METHOD)
    const ask = { requestId, keyId, rev, route: this.route, method, credits, counts }
    const held: string[] = []
    let first: AccountWord | null = null
    for (const name of spendsFrom) {
      const word = await askAccount(this.#c.env, name, ask)
      const isAdmitted = typeof word !== 'string' && word.ok
      if (isAdmitted || word === 'unreachable') held.push(name)
      if (!isAdmitted) return { word, held }
      first ??= word
    }
    return { word: first ?? 'unreachable', held }
  }

  async #pass(credits: number): Promise<Admitted> {
    const ask = { requestId: this.#requestId, route: this.route, credits }
    const pass = await passGate(this.#c, this.caller, ask)
    if (pass.kind === 'closed') return { ok: false, error: ACCOUNT_AWAY, rate: null, left: null }
    if (pass.kind === 'full') return { ok: false, error: OVERLOADED, rate: null, left: null }
    this.#passed = true
    const { plan, remaining } = pass
    const most = planOf(plan).requestsPerS * BURST_S
    const windowMs = BURST_S * 1000
    const resetMs = ((most - remaining) / most) * windowMs
    return {
      ok: true,
      plan,
      rate: { policy: 'plan', most, windowMs, remaining, resetMs },
      left: null,
    }
  }
}

function errorOf({ code, message, retryAfterMs }: Extract<Admission, { ok: false }>): ApiError {
  return { code, message, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) }
}
