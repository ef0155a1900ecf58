import type { Wanted } from '#core/subscriptions'
import { withDatabase } from '../database.ts'
import { type Env, settingsOf } from '../env.ts'
import { type SelectedMarkets, selectMarkets } from '../store/selected-markets.ts'

/** The exchange is done with such a market. */
const SETTLED = 'finalized'

/** Looks up in the database which markets a selection has. */
export class Selecting {
  readonly #env: Env
  readonly #later: (work: Promise<unknown>) => void

  /** @param later keeps the goodbye to the database alive */
  constructor(env: Env, later: (work: Promise<unknown>) => void) {
    this.#env = env
    this.#later = later
  }

  /** The markets of a selection, at most `most`. Throws DatabaseAwayError. */
  select(wanted: Omit<Wanted, 'channels' | 'depth' | 'conflate_ms'>, most: number) {
    const { HYPERDRIVE_READER } = settingsOf(this.#env)
    return withDatabase(
      HYPERDRIVE_READER,
      this.#later,
      (sql): Promise<SelectedMarkets> => selectMarkets(sql, wanted, most),
    )
  }

  /** Those of some markets with which the exchange is done. Throws DatabaseAwayError. */
  async settled(markets: readonly string[]): Promise<ReadonlySet<string>> {
    if (markets.length === 0) return new Set()
    const wanted = { markets: [...markets], events: [], series: [], all: false }
    const { found } = await this.select(wanted, markets.length)
    return new Set(found.filter(({ status }) => status === SETTLED).map(({ ticker }) => ticker))
  }
}
