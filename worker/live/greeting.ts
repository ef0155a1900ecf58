import { fence, type Holder } from '#core/fence'
import type { Epoch } from '#core/log'
import { shardName } from '#core/shard'
import type { FeedHello } from '#core/wire/feed'
import { withDatabase } from '../database.ts'
import { type Env, settingsOf } from '../env.ts'
import { leaseEpoch } from '../store/status.ts'

/** What becomes of a collector that greets: it is accepted, or dismissed with a reason. */
export type Greeting =
  | { readonly kind: 'accept'; readonly holder: Holder }
  | {
      readonly kind: 'dismiss'
      readonly why: 'mismatch' | 'superseded' | 'unavailable'
      readonly reason: string
    }

/**
 * Judges a collector's hello. An epoch above all that this shard has seen counts only when the
 * lease row says the same.
 * @param name the shard's own name
 * @param highest the highest collector accepted so far; asked again after the row was read
 * @param later keeps the connection's goodbye alive
 */
export async function judgeHello(
  hello: FeedHello,
  name: string | undefined,
  highest: () => Holder | null,
  env: Env,
  later: (goodbye: Promise<unknown>) => void,
): Promise<Greeting> {
  const { FEED_ENV, HYPERDRIVE_READER } = settingsOf(env)
  if (hello.env !== FEED_ENV || shardName(hello.shard, hello.shards) !== name) {
    return dismissed('mismatch', 'another environment, shard or number of shards')
  }
  const holder: Holder = { epoch: hello.epoch as Epoch, lease: hello.lease }
  if (fence(holder, highest()).kind === 'ask_lease') {
    const row = await withDatabase(HYPERDRIVE_READER, later, leaseEpoch).catch(
      () => 'away' as const,
    )
    if (row === 'away') return dismissed('unavailable', 'the lease cannot be read')
    if (row?.epoch !== holder.epoch || row.lease !== holder.lease) {
      return dismissed('superseded', String(Math.max(highest()?.epoch ?? 0, row?.epoch ?? 0)))
    }
  }
  // Another may have been accepted while the row was read.
  const verdict = fence(holder, highest())
  return verdict.kind === 'superseded'
    ? dismissed('superseded', String(verdict.highest))
    : { kind: 'accept', holder }
}

function dismissed(why: 'mismatch' | 'superseded' | 'unavailable', reason: string): Greeting {
  return { kind: 'dismiss', why, reason }
}
