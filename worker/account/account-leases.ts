import type { OpenStream } from '#core/account-word'
import type { LeaseAsk, LeaseWord } from '#core/admission'
import { marketMinuteCredits } from '#core/credit'
import type { Micros } from '#core/instant'
import { isPageKey, keyRefusal } from '#core/key-standing'
import { isVisitors } from '#core/visitor-standing'
import { STREAM_CLOSE } from '#core/wire/stream'
import { PAGE_KEY_MS } from '../keys/page-key.ts'
import { PAGES, type Spending } from './account-spending.ts'
import type { Known } from './account-standing.ts'
import type { AccountTerms, KnownAccount } from './account-terms.ts'
import type { Lease, LeaseMemory } from './lease-memory.ts'

type Refusal = Omit<Extract<LeaseWord, { ok: false }>, 'lease' | 'ok'>

/** A stream whose account has let it open is held by then, ms. */
const OPENING_MS = 2000
/** Under which route streams are charged. */
const ROUTE = 'stream'

/** An account's open streams: each holds a lease, is charged when it is renewed, and is told when it must end. */
export class Leases {
  readonly #name: string
  readonly #memory: LeaseMemory
  readonly #spending: Spending
  readonly #terms: AccountTerms
  readonly #leaseMs: number

  /** @param leaseMs a stream that is not renewed for so long is over */
  constructor(
    name: string,
    memory: LeaseMemory,
    spending: Spending,
    terms: AccountTerms,
    leaseMs: number,
  ) {
    this.#name = name
    this.#leaseMs = leaseMs
    this.#memory = memory
    this.#spending = spending
    this.#terms = terms
  }

  /** How many streams are open. */
  count(nowMs: number): number {
    return this.#memory.open(nowMs - this.#leaseMs).length
  }

  /** Streams that are open, those opened last first; `most` of them. */
  streams(nowMs: number, most: number): OpenStream[] {
    const open = this.#memory.oldest(nowMs - this.#leaseMs, nowMs, most)
    return open
      .sort((a, b) => b.opened - a.opened)
      .map(({ lease, keyId, openedMs, holder, markets, charged }) => {
        const stands = { openedMs, market: holder, markets, credits: charged }
        return { requestId: lease, keyId: isPageKey(keyId) ? PAGES : keyId, ...stands }
      })
  }

  /** Opens or renews a stream, and charges what it has delivered. */
  lease({ standing, keys }: Known, ask: LeaseAsk, nowMs: number): LeaseWord {
    const { lease, keyId } = ask
    if (standing === null) return { lease, ok: false, ...gone('there is no such account') }
    const known = { standing, keys }
    const before = this.#memory.find(lease)
    if (before?.state === 'ended') return { lease, ok: false, ...gone('this stream has ended') }
    const { plan } = this.#terms.at(known, (nowMs * 1000) as Micros)
    const open = this.#memory.open(nowMs - this.#leaseMs)
    const { charged, isPaid } = this.#charge(known, ask, before?.charged ?? 0, nowMs)
    const isOpen = before?.state === 'open' && open.includes(before.opened)
    const opened = isOpen ? before.opened : this.#memory.next()
    const openedMs = before?.openedMs ?? nowMs
    const ahead = open.filter((each) => each < opened).length
    const refusal =
      this.#barred(known, keyId, nowMs) ??
      outlived(keyId, nowMs - openedMs) ??
      roomFor(ahead, plan.streams.connections) ??
      (isPaid ? null : spent()) ??
      (isOpen ? null : this.#unaffordable(known, keyId, nowMs))
    const holder = before?.holder ?? ask.holder ?? null
    const markets = ask.markets ?? before?.markets ?? null
    const stands = { lease, keyId, opened, openedMs, holder, seenMs: nowMs, charged, markets }
    const kept: Lease = { ...stands, state: 'open' }
    if (refusal === null) {
      this.#memory.keep(kept)
      return { lease, ok: true, plan: plan.name, streams: plan.streams }
    }
    if (before !== null) this.#memory.keep({ ...kept, state: 'closed' })
    return { lease, ok: false, ...refusal }
  }

  /** Ends a stream, with what it delivered in all. */
  end({ standing, keys }: Known, ask: LeaseAsk, nowMs: number): void {
    if (standing === null) return
    const { lease, keyId } = ask
    const before = this.#memory.find(lease)
    const { charged } = this.#charge({ standing, keys }, ask, before?.charged ?? 0, nowMs)
    const opened = before?.opened ?? 0
    const openedMs = before?.openedMs ?? nowMs
    const holder = before?.holder ?? null
    const markets = before?.markets ?? null
    const ended = { lease, keyId, opened, openedMs, holder, seenMs: nowMs, charged, markets }
    this.#memory.keep({ ...ended, state: 'ended' })
  }

  /** Streams whose holders may have vanished: those that were renewed longest ago, and not opened just now. */
  doubtful(nowMs: number, most: number): Lease[] {
    return this.#memory.oldest(nowMs - this.#leaseMs, nowMs - OPENING_MS, most)
  }

  /** The holder of a stream does not know it: its socket is gone. */
  vanished({ lease }: Lease): void {
    const now = this.#memory.find(lease)
    if (now?.state === 'open') this.#memory.keep({ ...now, state: 'ended' })
  }

  /** Charges what was not charged yet. @returns what is charged now in all, and whether there were credits for it */
  #charge(
    known: KnownAccount,
    { lease, keyId, marketMinutes }: LeaseAsk,
    before: number,
    nowMs: number,
  ): { readonly charged: number; readonly isPaid: boolean } {
    const charged = Math.max(before, marketMinuteCredits(marketMinutes))
    const due = charged - before
    if (due === 0) return { charged, isPaid: true }
    const what = { keyId, route: ROUTE, requests: 0 }
    const paid = this.#spending.charge(known, `${lease}.${charged}`, what, due, nowMs)
    // What could not be paid is not charged later either: it was our loss.
    return { charged, isPaid: paid === due }
  }

  #barred(known: KnownAccount, keyId: string, nowMs: number): Refusal | null {
    const isOurs = isVisitors(this.#name) || isPageKey(keyId)
    const key = isOurs ? 'ours' : known.keys.get(keyId)
    const refusal = keyRefusal(known.standing, key, (nowMs * 1000) as Micros)
    return refusal === null ? null : gone(refusal.message)
  }

  /** A stream costs from its first minute on. */
  #unaffordable(known: KnownAccount, keyId: string, nowMs: number): Refusal | null {
    const terms = this.#terms.at(known, (nowMs * 1000) as Micros)
    return this.#spending.leftOf(known, terms, keyId) > 0 ? null : spent()
  }
}

function gone(reason: string): Refusal {
  return { code: STREAM_CLOSE.keyRevoked, reason }
}

/** When a page's key was made its stream does not say; after a key's life at the latest it has ended, and so has a sign-out. */
function outlived(keyId: string, ageMs: number): Refusal | null {
  return isPageKey(keyId) && ageMs >= PAGE_KEY_MS ? gone('the key of this page has ended') : null
}

function spent(): Refusal {
  return { code: STREAM_CLOSE.outOfCredits, reason: 'the credits of this month are spent' }
}

/** The newest too many go. @param ahead open streams that were opened before this one */
function roomFor(ahead: number, connections: number): Refusal | null {
  if (ahead < connections) return null
  if (connections === 0) return { code: STREAM_CLOSE.planForbids, reason: 'no plan with streams' }
  const reason = `this account may have ${connections} streams`
  return { code: STREAM_CLOSE.tooManyConnections, reason }
}
