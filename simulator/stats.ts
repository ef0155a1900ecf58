/** Counts since the start. */
export type Stats = {
  /** connections that were let in, and handshakes that were not */
  connections: number
  refused: number
  commands: number
  snapshots: number
  deltas: number
  trades: number
  tickers: number
  rest: number
}

/** @returns counts that all are zero */
export function noStats(): Stats {
  return {
    connections: 0,
    refused: 0,
    commands: 0,
    snapshots: 0,
    deltas: 0,
    trades: 0,
    tickers: 0,
    rest: 0,
  }
}
