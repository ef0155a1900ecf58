import type { Micros } from './instant.ts'

/** Frames this close to the first of their group share its receive time: so far (µs) may a stamp lie before the clock. */
export const STAMPED_BACK_US = 1000

/** The last moment of which no frame can be stamped any more. @param now the receive clock's reading */
export function beforeStamps(now: Micros): Micros {
  return (now - STAMPED_BACK_US - 1) as Micros
}

type Group = { readonly market: string; readonly event: Micros; readonly recv: Micros }

/**
 * Stamps the frames of one sid. An amend is two deltas that follow each other directly, of one
 * market and one exchange time: they share a receive time, so that no as-of falls between them.
 */
export class RecvStamp {
  #group: Group | null = null

  /**
   * @param market the frame's market, null for a frame of none
   * @param event the frame's exchange time, null when it bears none
   * @param now the receive clock's reading
   */
  stamp(market: string | null, event: Micros | null, now: Micros): Micros {
    const group = this.#group
    if (
      group !== null &&
      group.market === market &&
      group.event === event &&
      now - group.recv <= STAMPED_BACK_US
    ) {
      return group.recv
    }
    this.#group = market === null || event === null ? null : { market, event, recv: now }
    return now
  }
}
