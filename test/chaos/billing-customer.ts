import type { Admission } from '#core/admission'
import { PLAN_NAMES } from '#core/plan'
import type { Random } from '../../simulator/random.ts'
import type { BillingRig, StoredAccount } from './billing-rig.ts'

/** What a customer has spent in a month, as it counted itself. */
export type Spent = { requests: number; failed: number; credits: number }

/** Credits of a month by plan: what a customer takes for a month's work. */
const WORK = { free: 10_000, starter: 500_000, pro: 3_000_000, scale: 15_000_000 } as const
/** So many requests of a month come to what its plan includes. */
const PARTS = 30
/** How likely each thing is, of 1, in twelve hours. */
const LIKELY = {
  request: 0.4,
  subscribe: 0.12,
  plan: 0.04,
  cap: 0.06,
  card: 0.03,
  portal: 0.02,
  pay: 0.05,
  evict: 0.05,
} as const

const OUTCOMES = ['pay', 'pay', 'pay', 'pay', 'later', 'decline', 'cancel'] as const

/** A customer who does what comes to mind, and counts what it asked for. */
export class BillingCustomer {
  readonly account: StoredAccount
  readonly months = new Map<number, Spent>()
  /** The largest cap that it ever set in a month, cents. */
  readonly caps = new Map<number, number>()
  readonly counts: Record<string, number> = {}
  readonly problems: string[] = []
  /** How often its hours are still to be closed until all that it used is in the ledger. */
  toClose = 0
  #cap = 0
  /** What it believes to be on. */
  #plan: keyof typeof WORK = 'free'
  readonly #rig: BillingRig
  readonly #random: Random
  /** Whether it subscribes at once, wants overage, uses more than it has and does nothing else. */
  readonly #steady: boolean
  /** How many times twelve hours there are between two moments at which it is asked what it does. */
  readonly #pace: number
  /** Checkouts that were completed and wait for their money. */
  #waiting: string[] = []
  #requests = 0

  constructor(
    account: StoredAccount,
    rig: BillingRig,
    random: Random,
    pace: number,
    steady: boolean,
  ) {
    this.account = account
    this.#rig = rig
    this.#random = random
    this.#pace = pace
    this.#steady = steady
  }

  /** Does what comes to mind. @param monthS the begin of the month it is @param wild whether it changes plans, cards and caps too */
  async act(monthS: number, wild: boolean): Promise<void> {
    const random = this.#random
    this.caps.set(monthS, Math.max(this.caps.get(monthS) ?? 0, this.#cap))
    if (this.#likely('evict')) await this.#rig.evict(this.account.id)
    if (wild) {
      if (this.#waiting.length > 0) this.#settle()
      if (this.#plan === 'free' && this.#likely('subscribe')) await this.#subscribe()
      if (this.#likely('plan')) await this.#changePlan()
      if (this.#likely('cap')) await this.#changeCap(monthS)
      if (this.#likely('card')) await this.#changeCard()
      if (this.#likely('portal')) await this.#usePortal()
      if (this.#likely('pay')) await this.#payOpen()
    }
    if (this.#likely('request')) {
      const times = 1 + random.below(3)
      for (let time = 0; time < times; time += 1) await this.#request(monthS)
    }
  }

  async #request(monthS: number): Promise<void> {
    const random = this.#random
    this.#requests += 1
    const { id: account, keyId } = this.account
    const id = `${account}:${this.#requests}`
    const credits = 1 + random.below(Math.ceil((2 * this.#pace * WORK[this.#plan]) / PARTS))
    const ask = { account, keyId, id, credits }
    const answer = await this.#rig.call('spend', ask)
    if (!answer.ok) return this.#count('spend_unreachable')
    const { plan, ...admission } = answer.value as Admission
    this.#plan = plan
    if (!admission.ok) return this.#count(`spend_${admission.code}`)
    if (random.chance(0.1)) await this.#rig.call('spend', ask)
    if (random.chance(0.05)) await this.#rig.evict(account)
    const failed = random.chance(0.1)
    const cost = failed ? 0 : random.chance(0.2) ? Math.ceil(credits / 2) : credits
    const settle = { account, id, credits: cost, failed }
    await this.#rig.call('settle', settle)
    if (random.chance(0.1)) await this.#rig.call('settle', settle)
    const spent = this.months.get(monthS) ?? { requests: 0, failed: 0, credits: 0 }
    spent.requests += 1
    spent.failed += failed ? 1 : 0
    spent.credits += cost
    this.months.set(monthS, spent)
    this.toClose = 3
    this.#count('spend_ok')
  }

  async #subscribe(): Promise<void> {
    const plan = this.#random.pick(['starter', 'pro', 'scale'] as const)
    let answer = await this.#rig.call('checkout', { account: this.account.id, plan })
    // People try again at once.
    for (let tries = 0; tries < 3 && !answer.ok; tries += 1) {
      this.#count('checkout_away')
      answer = await this.#rig.call('checkout', { account: this.account.id, plan })
    }
    if (!answer.ok) return
    const page = answer.value as { ok: boolean; url?: string }
    if (!page.ok || page.url === undefined) return this.#count('checkout_refused')
    const session = page.url.slice(page.url.lastIndexOf('/') + 1)
    const outcome = this.#steady ? 'pay' : this.#random.pick(OUTCOMES)
    this.#count(`checkout_${outcome}`)
    // No time has passed since: whoever is sent there must find it open.
    if (this.#rig.stripe.world.state.sessions.get(session)?.status !== 'open') {
      this.problems.push(`${this.account.id}: sent to a checkout that is closed`)
      return
    }
    this.#rig.stripe.control('pay', { session, outcome })
    if (outcome === 'later') this.#waiting.push(session)
  }

  #settle(): void {
    const session = this.#waiting.shift()
    const ok = this.#random.chance(0.6)
    this.#count(ok ? 'transfer_came' : 'transfer_failed')
    const { state } = this.#rig.stripe.world
    const invoice = state.invoices.get(state.sessions.get(session ?? '')?.invoice ?? '')
    if (invoice?.status === 'open') this.#rig.stripe.control('settle', { session, ok })
  }

  async #changePlan(): Promise<void> {
    const plan = this.#random.pick(PLAN_NAMES)
    const answer = await this.#rig.call('plan', { account: this.account.id, plan })
    if (!answer.ok) return this.#count('plan_away')
    const { ok, state } = answer.value as { ok: boolean; state?: string }
    this.#count(`plan_${ok ? state : 'refused'}`)
  }

  async #changeCap(monthS: number): Promise<void> {
    const cents = this.#random.chance(0.3) ? null : 100 * (1 + this.#random.below(100))
    const answer = await this.#rig.call('cap', { account: this.account.id, cents })
    const done = answer.ok && (answer.value as { ok: boolean }).ok
    this.#count(done ? 'cap' : 'cap_refused')
    if (!done) return
    this.#cap = cents ?? 0
    this.caps.set(monthS, Math.max(this.caps.get(monthS) ?? 0, this.#cap))
  }

  async #changeCard(): Promise<void> {
    const customer = await this.customer()
    if (customer === null) return
    const card = this.#random.pick(['good', 'good', 'declined', 'action'] as const)
    this.#count(`card_${card}`)
    this.#rig.stripe.control('card', { customer, card })
  }

  async #usePortal(): Promise<void> {
    const { subscriptions } = this.#rig.stripe.world.state
    const customer = await this.customer()
    const mine = [...subscriptions.values()].find(
      (each) => each.customer === customer && each.endedAt === null,
    )
    if (mine === undefined) return
    const what = this.#random.chance(0.6) ? 'cancel' : 'resume'
    this.#count(`portal_${what}`)
    this.#rig.stripe.control('portal', { subscription: mine.id, do: what })
  }

  async #payOpen(): Promise<void> {
    const customer = await this.customer()
    for (const { id, status, customer: of } of this.#rig.stripe.world.state.invoices.values()) {
      if (of !== customer || status !== 'open') continue
      this.#count('paid_by_hand')
      this.#rig.stripe.control('payInvoice', { invoice: id })
    }
  }

  /** Its id at Stripe; null when it is none yet. A try whose answer was a failure may have left another there. */
  async customer(): Promise<string | null> {
    const [row] = await this.#rig.sql`
      select customer_id from kb.billing_customers where account_id = ${this.account.id}`
    return row?.['customer_id'] ?? null
  }

  #likely(what: keyof typeof LIKELY): boolean {
    if (this.#steady) {
      return what === 'subscribe' || what === 'request' || (what === 'cap' && this.#cap === 0)
    }
    return this.#random.chance(1 - (1 - LIKELY[what]) ** this.#pace)
  }

  #count(what: string): void {
    this.counts[what] = (this.counts[what] ?? 0) + 1
  }
}
