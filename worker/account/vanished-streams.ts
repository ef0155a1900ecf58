import type { Ticker } from '#core/ticker'
import { isVisitors } from '#core/visitor-standing'
import type { Env } from '../env.ts'
import { inTime } from '../live/patience.ts'
import { gatewayStub, marketStub } from '../live/stubs.ts'
import type { Leases } from './account-leases.ts'

/** Streams that are asked for at once, and how long (ms) their holders may take to answer. */
const MOST = 100
const PATIENCE_MS = 500
/** An account that is full looks so often (ms) whether it truly is. */
const LOOK_EVERY_MS = 500

/**
 * Looks whether streams that hold a place are still open. Sockets may be lost together with their object, which then tells
 * nobody: without a look who comes again would be refused until their leases have run out.
 */
export class VanishedStreams {
  readonly #env: Env
  readonly #account: string
  readonly #leases: Leases
  #looking: Promise<void> | null = null
  #lookedMs = Number.NEGATIVE_INFINITY

  constructor(env: Env, account: string, leases: Leases) {
    this.#env = env
    this.#account = account
    this.#leases = leases
  }

  /** Frees the places of streams that their holders do not know. Never rejects: who does not answer holds what it held. */
  async free(nowMs: () => number): Promise<void> {
    // All visitors' streams are also counted together: those are held by the Gateways of others.
    if (isVisitors(this.#account)) return
    if (this.#looking === null && nowMs() - this.#lookedMs < LOOK_EVERY_MS) return
    this.#looking ??= this.#look(nowMs()).finally(() => {
      this.#looking = null
      this.#lookedMs = nowMs()
    })
    await this.#looking
  }

  async #look(nowMs: number): Promise<void> {
    const doubtful = this.#leases.doubtful(nowMs, MOST)
    const holders = new Set(doubtful.map(({ holder }) => holder))
    const asked = [...holders].map(async (holder) => {
      const held = await this.#heldBy(holder)
      const of = doubtful.filter((each) => each.holder === holder)
      if (held !== null) return of.filter(({ lease }) => !held.has(lease))
      return []
    })
    for (const lost of await Promise.all(asked))
      for (const each of lost) this.#leases.vanished(each)
  }

  /** The leases that a holder knows; null when it does not answer. */
  async #heldBy(holder: string | null): Promise<ReadonlySet<string> | null> {
    const ask = async (): Promise<readonly string[]> => {
      if (holder === null) return await gatewayStub(this.#env, this.#account).held()
      const held = await marketStub(this.#env, holder as Ticker).held()
      return held.map(({ lease }) => lease)
    }
    try {
      const held = await inTime(ask(), PATIENCE_MS)
      return held === null ? null : new Set(held)
    } catch {
      return null
    }
  }
}
