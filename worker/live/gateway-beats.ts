import type { Connection } from './gateway-connection.ts'
import type { Upstream } from './gateway-upstream.ts'

/** Tells an account's connections how the feed does. */
export class GatewayBeats {
  readonly #connections: () => Iterable<Connection>
  readonly #upstream: Upstream
  #lastMs = Date.now()

  constructor(connections: () => Iterable<Connection>, upstream: Upstream) {
    this.#connections = connections
    this.#upstream = upstream
  }

  /** The first is due after its interval only. */
  begin(): void {
    this.#lastMs = Date.now()
  }

  /** Tells all of them, if that was not done for so long (ms). */
  tick(everyMs: number): void {
    if (Date.now() - this.#lastMs < everyMs) return
    this.#lastMs = Date.now()
    this.#tell(() => true)
  }

  /** The feed's word may be another one: those hear it who were told otherwise. */
  news(): void {
    this.#tell((told, word) => told !== word)
  }

  #tell(concerns: (told: string, word: string) => boolean): void {
    for (const connection of this.#connections()) {
      const { shards, subscriptions } = connection
      const state = this.#upstream.state(subscriptions.selects ? null : shards.keys())
      if (concerns(connection.word, state.feed)) connection.beat(state)
    }
  }
}
