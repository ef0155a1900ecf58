/** What was done to a connection on purpose. */
export type FaultKind =
  | 'drop'
  | 'duplicate'
  | 'reorder'
  | 'delay'
  | 'corrupt'
  | 'cut'
  | 'silence'
  | 'mute'
  | 'overflow'
  | 'channel_error'
  | 'refuse'
  | 'deaf'
  | 'lie'
  | 'maintenance'

/** One injected fault: when it really happened (microseconds), and the market whose frame it hit. */
export type Fault = {
  kind: FaultKind
  atUs: number
  ticker?: string
  /** the channel of a lost frame that was not the book's */
  channel?: string
  /** the connection it hit, by its number in order of coming */
  connection?: number
}

const KEPT = 100_000

/** Writes a fault down; beyond a hundred thousand the oldest are forgotten. */
export function noteFault(log: Fault[], fault: Fault): void {
  log.push(fault)
  if (log.length > KEPT) log.splice(0, KEPT / 10)
}
