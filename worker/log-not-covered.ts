import type { ApiError } from '#core/api-error'
import type { Micros } from '#core/instant'
import type { Seq } from '#core/log'
import { coveredOf, rangeBeforeRecord } from '#core/past-book'
import type { LogBegin } from './store/log-begin.ts'

/**
 * Why nothing can be read of some logs: all that was asked for lies before the record, or what comes next is no longer kept.
 * @param to the range's end, exclusive, µs
 * @param afterUs the moment of the place after which a list goes on upwards, µs
 */
export function logNotCovered(
  { firstUs, throughUs, keptUs }: LogBegin,
  to: Micros | undefined,
  afterUs: Micros | undefined,
): ApiError | null {
  const first = firstUs === null ? null : { recvUs: firstUs, seq: 0 as Seq }
  const coverage = { first, last: null, throughUs }
  // A page that ended before the day from which the log is kept is followed by a hole.
  if (afterUs !== undefined && afterUs < keptUs - 1) {
    const message = 'goes on where nothing is kept any more'
    const covered = coveredOf({ coverage })
    return { code: 'range_not_covered', param: 'cursor', message, covered }
  }
  return rangeBeforeRecord({ coverage }, to)
}
