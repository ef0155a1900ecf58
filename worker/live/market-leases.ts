import type { LeaseAsk } from '#core/admission'
import { type CountedMinutes, countMinute, NO_MINUTES } from '#core/market-minutes'
import type { PlanName } from '#core/plan'
import type { Ticker } from '#core/ticker'
import { type Env, settingsOf } from '../env.ts'
import { endLeases } from './account-leases.ts'
import type { StreamLease } from './stream-lease.ts'
import { shardStubOf } from './stubs.ts'

/** A lease of one subscriber's socket and the minutes in which it was told a record, as its attachment keeps it. */
export type SocketLease = StreamLease & { readonly minutes: CountedMinutes }

/** What a market's object tells of a lease for which it is renewed. */
export type HeldLease = LeaseAsk & { readonly account: string; readonly plan: PlanName }

/** What becomes of a stream by the word of its account: its plan is another one now, or it is to be closed. */
export type LeaseOrder = { readonly lease: string } & (
  | { readonly plan: PlanName }
  | { readonly close: number; readonly reason: string }
)

/** A lease that was just opened. */
export function newSocketLease(lease: StreamLease): SocketLease {
  return { ...lease, minutes: NO_MINUTES }
}

/** A record was told in a minute. */
export function toldIn(lease: SocketLease, minute: number): SocketLease {
  const minutes = countMinute(lease.minutes, minute)
  return minutes === lease.minutes ? lease : { ...lease, minutes }
}

/** The leases of a market's subscribers, as far as others must hear of them. */
export class MarketLeases {
  readonly #market: Ticker
  readonly #env: Env
  #told = false

  constructor(market: Ticker, env: Env) {
    this.#market = market
    this.#env = env
  }

  /** Has the shard renew them, unless it knows of them: what it was told outlives us, but that it was told does not. */
  tell(): void {
    const { FEED_SHARDS } = settingsOf(this.#env)
    if (this.#told || FEED_SHARDS === null) return
    this.#told = true
    shardStubOf(this.#env, this.#market, FEED_SHARDS)
      .leased(this.#market)
      .catch(() => {
        this.#told = false
      })
  }

  /** What the shard is told that renews them; of none, and it asks no more. */
  held(leases: readonly SocketLease[]): HeldLease[] {
    if (leases.length === 0) this.#told = false
    return leases.map((held) => ({ ...askOf(held), account: held.account, plan: held.plan }))
  }

  /** A socket is gone. Its account hears of it now, or finds it out when nobody renews its lease. */
  end(held: SocketLease): void {
    void endLeases(this.#env, held.account, [askOf(held)])
  }
}

function askOf({ lease, keyId, rev, minutes }: SocketLease): LeaseAsk {
  return { lease, keyId, rev, marketMinutes: minutes.total }
}
