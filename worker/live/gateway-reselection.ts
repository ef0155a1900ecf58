import { DatabaseAwayError } from '../database.ts'
import type { Connection } from './gateway-connection.ts'
import type { Desk } from './gateway-desk.ts'

/** How long after another collector came selections are made anew, ms: all shards hear of it together. */
const SOON_MS = 500

/** Makes the selections of all connections anew when the directory may have missed something. */
export class Reselection {
  readonly #desk: Desk
  readonly #connections: () => Iterable<Connection>
  /** Keeps what goes on after an event alive. */
  readonly #later: (work: Promise<unknown>) => void
  #timer: ReturnType<typeof setTimeout> | null = null

  constructor(
    desk: Desk,
    connections: () => Iterable<Connection>,
    later: (work: Promise<unknown>) => void,
  ) {
    this.#desk = desk
    this.#connections = connections
    this.#later = later
  }

  /** Does it once, soon; again while the database is away. */
  soon(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = null
      this.#later(this.#run())
    }, SOON_MS)
  }

  async #run(): Promise<void> {
    try {
      for (const connection of [...this.#connections()]) await this.#desk.reselect(connection)
    } catch (error) {
      if (!(error instanceof DatabaseAwayError)) throw error
      this.soon()
    }
  }
}
