/** A source of the time, in integer microseconds since the epoch. */
export type Clock = () => number

/** @returns the true time of this machine in integer microseconds, steady within one process */
export function trueTime(): number {
  return Math.round((performance.timeOrigin + performance.now()) * 1000)
}
