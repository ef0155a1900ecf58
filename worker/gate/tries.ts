import type { Context } from 'hono'
import { addressPrefix } from '#core/address-prefix'
import { FailedTries, type TriesLeft } from '#core/failed-tries'
import type { RateState } from '#core/rate-field'
import { clientAddress } from '../client-address.ts'
import type { App } from '../context.ts'
import { perEnv } from '../per-env.ts'

const countOf = perEnv(() => new FailedTries())

/** The tries with unknown keys of a request's address, in this isolate's memory. */
export function triesOf(c: Context<App>): { left(): TriesLeft; failed(): void } {
  const tries = countOf(c.env)
  const address = countedBy(clientAddress(c))
  return {
    left: () => tries.left(address, Date.now()),
    failed: () => tries.failed(address, Date.now()),
  }
}

/** How the limit of an address stands, for who is not known. */
export function addressRate(c: Context<App>): RateState {
  return { policy: 'address', ...triesOf(c).left() }
}

/**
 * What failed tries are counted by: of IPv6 the /64, in which one line has more addresses than can be counted; of IPv4, where
 * they are dear and many strangers share a network, the address itself. On one machine there is none: all share one count.
 */
function countedBy(address: string | null): string {
  if (address === null) return 'local'
  return address.includes(':') ? (addressPrefix(address) ?? address) : address
}
