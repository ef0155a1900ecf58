import type { LeaseAsk } from '#core/admission'
import type { PlanName } from '#core/plan'
import { STREAM_CLOSE } from '#core/wire/stream'
import { type Env, settingsOf } from '../env.ts'
import { askLeases, endLeases } from './account-leases.ts'
import type { Connection } from './gateway-connection.ts'

/** Whom nobody vouches for and who pays nothing is to come again later (RFC 6455 registry: try again later). */
export const TRY_AGAIN_LATER = 1013
/** While the account is away it is asked so many times as often. */
const AWAY_OFTENER = 3

/** Renews the leases of an account's connections, all by one call, and closes those that may not go on. */
export class GatewayLeases {
  readonly #env: () => Env
  readonly #account: string
  readonly #connections: () => Iterable<Connection>
  readonly #later: (work: Promise<unknown>) => void
  readonly #turned: (plan: PlanName) => void
  #dueMs = 0
  #asking = false

  /**
   * @param later keeps what is under way alive
   * @param turned hears which plan it is when it is another one than before
   */
  constructor(
    env: () => Env,
    account: string,
    connections: () => Iterable<Connection>,
    later: (work: Promise<unknown>) => void,
    turned: (plan: PlanName) => void,
  ) {
    this.#env = env
    this.#account = account
    this.#connections = connections
    this.#later = later
    this.#turned = turned
  }

  /** Renews when it is time, and closes those whose time is over. */
  tick(nowMs: number): void {
    for (const connection of this.#connections()) {
      const { bounds } = connection.tenure.kept
      if (bounds !== null && nowMs >= bounds.until_ms) {
        connection.close(STREAM_CLOSE.planForbids, 'the time of this key is over')
      }
    }
    if (!this.#asking && nowMs >= this.#dueMs) this.#later(this.#renew())
  }

  /** The streams of some connections have ended. */
  end(asks: readonly LeaseAsk[]): void {
    if (asks.length > 0) this.#later(endLeases(this.#env(), this.#account, asks))
  }

  async #renew(): Promise<void> {
    const connections = new Map<string, Connection>()
    for (const each of this.#connections()) connections.set(each.name, each)
    if (connections.size === 0) return
    const { STREAM_RENEW_MS, STREAM_LEASE_MS } = settingsOf(this.#env())
    const asks = [...connections.values()].map((each): LeaseAsk => {
      return { ...each.tenure.ask(), markets: each.subscriptions.size }
    })
    this.#asking = true
    const said = await askLeases(this.#env(), this.#account, asks)
    this.#asking = false
    const nowMs = Date.now()
    if (said.kind !== 'words') {
      this.#dueMs = nowMs + STREAM_RENEW_MS / AWAY_OFTENER
      for (const each of connections.values()) {
        const isOver = nowMs - each.tenure.renewedMs >= STREAM_LEASE_MS
        // Who pays is not cut off by our trouble.
        if (each.tenure.kept.lease.plan === 'free' && isOver) {
          each.close(TRY_AGAIN_LATER, 'its account does not answer')
        }
      }
      return
    }
    this.#dueMs = nowMs + STREAM_RENEW_MS
    for (const word of said.words) {
      const connection = connections.get(word.lease)
      if (connection === undefined) continue
      if (!word.ok) connection.close(word.code, word.reason)
      else if (connection.renew(word, nowMs)) this.#turned(word.plan)
    }
  }
}
