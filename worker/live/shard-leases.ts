import type { LeaseAsk, LeaseWord } from '#core/admission'
import type { Ticker } from '#core/ticker'
import { type Env, settingsOf } from '../env.ts'
import { askLeases } from './account-leases.ts'
import { TRY_AGAIN_LATER } from './gateway-leases.ts'
import { HANGS_MS } from './market-lanes.ts'
import type { HeldLease, LeaseOrder } from './market-leases.ts'
import { inTime } from './patience.ts'
import { marketStub } from './stubs.ts'

/** Markets' objects that are asked at the same time. */
const TOGETHER = 200
/** An alarm may come so much before its time, a part of the interval. */
const EARLY = 10

type Held = HeldLease & { readonly market: Ticker }

/** Renews at their accounts the leases of single markets' streams, for their objects, which have no timers. */
export class ShardLeases {
  readonly #sql: SqlStorage
  readonly #env: () => Env
  /** Markets whose objects hold leases, each with how often that was told. */
  readonly #markets = new Map<Ticker, number>()
  /** When each lease was renewed, or was first heard of, ms. */
  #renewedMs = new Map<string, number>()
  /** When they were renewed last, ms. */
  #beganMs = Number.NEGATIVE_INFINITY
  #renewing = false

  constructor(sql: SqlStorage, env: () => Env) {
    this.#sql = sql
    this.#env = env
    sql.exec('create table if not exists leased (market text primary key) without rowid')
    for (const { market } of sql.exec('select market from leased')) {
      this.#markets.set(String(market) as Ticker, 0)
    }
  }

  /** Whether any market's object holds leases. */
  get any(): boolean {
    return this.#markets.size > 0
  }

  /** A market's object holds leases from now on. */
  note(market: Ticker): void {
    const told = this.#markets.get(market)
    if (told === undefined) this.#sql.exec('insert or ignore into leased values (?)', market)
    this.#markets.set(market, (told ?? 0) + 1)
  }

  /** Renews what there is, when it is time. Never rejects. */
  async renewIfDue(nowMs: number): Promise<void> {
    const { STREAM_RENEW_MS } = settingsOf(this.#env())
    const sinceMs = nowMs - this.#beganMs
    // A clock that went back is followed.
    const isEarly = sinceMs >= 0 && sinceMs < STREAM_RENEW_MS - STREAM_RENEW_MS / EARLY
    if (this.#renewing || !this.any || isEarly) return
    this.#beganMs = nowMs
    this.#renewing = true
    try {
      await this.#renew()
    } finally {
      this.#renewing = false
    }
  }

  async #renew(): Promise<void> {
    const markets = [...this.#markets.keys()]
    const held: Held[] = []
    for (let at = 0; at < markets.length; at += TOGETHER) {
      const some = markets.slice(at, at + TOGETHER)
      held.push(...(await Promise.all(some.map((market) => this.#heldBy(market)))).flat())
    }
    this.#forgetOthers(held)
    const accounts = Map.groupBy(held, ({ account }) => account)
    await Promise.all([...accounts].map(([account, theirs]) => this.#ask(account, theirs)))
  }

  /** What a market's object holds; nothing when it does not answer, and a lease can wait for the next time. */
  async #heldBy(market: Ticker): Promise<Held[]> {
    const told = this.#markets.get(market)
    const ask = async (): Promise<readonly HeldLease[]> =>
      await marketStub(this.#env(), market).held()
    const held = await inTime(ask(), HANGS_MS).catch(() => null)
    if (held?.length === 0 && this.#markets.get(market) === told) {
      this.#markets.delete(market)
      this.#sql.exec('delete from leased where market = ?', market)
    }
    return (held ?? []).map((each) => ({ ...each, market }))
  }

  #forgetOthers(held: readonly Held[]): void {
    const nowMs = Date.now()
    const before = this.#renewedMs
    this.#renewedMs = new Map(held.map(({ lease }) => [lease, before.get(lease) ?? nowMs]))
  }

  /** Asks an account, and has the markets' objects heed its words. */
  async #ask(account: string, held: readonly Held[]): Promise<void> {
    const asks: LeaseAsk[] = held.map(({ lease, keyId, rev, marketMinutes }) => ({
      lease,
      keyId,
      rev,
      marketMinutes,
    }))
    const said = await askLeases(this.#env(), account, asks)
    const words =
      said.kind === 'words' ? new Map(said.words.map((each) => [each.lease, each])) : null
    const orders = new Map<Ticker, LeaseOrder[]>()
    for (const each of held) {
      const order = this.#judge(each, words === null ? 'away' : (words.get(each.lease) ?? null))
      if (order !== null) orders.set(each.market, [...(orders.get(each.market) ?? []), order])
    }
    const tell = [...orders].map(([market, some]) => marketStub(this.#env(), market).heed(some))
    await inTime(Promise.allSettled(tell), HANGS_MS)
  }

  /** What becomes of a stream; null when it goes on as it was. */
  #judge({ lease, plan }: Held, word: LeaseWord | 'away' | null): LeaseOrder | null {
    const nowMs = Date.now()
    if (word === null) return null
    if (word === 'away') {
      const isOver =
        nowMs - (this.#renewedMs.get(lease) ?? nowMs) >= settingsOf(this.#env()).STREAM_LEASE_MS
      // Who pays is not cut off by our trouble.
      if (plan !== 'free' || !isOver) return null
      return { lease, close: TRY_AGAIN_LATER, reason: 'its account does not answer' }
    }
    if (!word.ok) return { lease, close: word.code, reason: word.reason }
    this.#renewedMs.set(lease, nowMs)
    return word.plan === plan ? null : { lease, plan: word.plan }
  }
}
