import type { Context } from 'hono'
import { printRate, printRatePolicy, type RateState } from '#core/rate-field'
import type { App } from '../context.ts'
import type { Admitted } from './admitted.ts'

/** Says how a limit stands on the answer that is to come. */
export function setRate(c: Context<App>, rate: RateState): void {
  c.header('RateLimit-Policy', printRatePolicy(rate))
  c.header('RateLimit', printRate(rate))
}

/**
 * The headers that say how an account stands.
 * @param left credits that may still be spent after this answer; null where that is not known
 */
export function accountHeaders({ rate }: Admitted, left: number | null): [string, string][] {
  return [
    ...(rate === null
      ? []
      : ([
          ['RateLimit-Policy', printRatePolicy(rate)],
          ['RateLimit', printRate(rate)],
        ] as [string, string][])),
    ...(left === null ? [] : ([['X-Credits-Remaining', String(left)]] as [string, string][])),
  ]
}
