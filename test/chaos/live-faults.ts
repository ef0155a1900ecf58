import { setTimeout as sleep } from 'node:timers/promises'
import type { Random } from '../../simulator/random.ts'
import type { LiveRig, ObjectName } from './live-rig.ts'

/** Something that happens to the live half of the product. */
export type LiveFault = {
  readonly name: string
  /** Whether it stops what comes for a while. */
  readonly outage: boolean
  /** Whether all books are unknown for a while after it. */
  readonly unknown: boolean
  /** Makes it happen and answers when it is over; null, or why it did not happen. */
  readonly strike: () => Promise<string | null>
}

/** Every fault, once. @param markets those whose books have subscribers of their own */
export function liveFaults(rig: LiveRig, markets: readonly string[], random: Random): LiveFault[] {
  const { shards, books } = rig.objects(markets)
  const { exchange } = rig
  const evictions = (kind: string, objects: readonly ObjectName[]): LiveFault[] =>
    (['hibernate', 'close'] as const).map((sockets) => ({
      name: `evict_${kind}_${sockets}`,
      outage: true,
      unknown: false,
      strike: () => rig.evict(random.pick(objects), sockets),
    }))
  const done = (strike: () => unknown) => async () => {
    await strike()
    return null
  }
  const collector = (signal: 'SIGKILL' | 'SIGTERM'): LiveFault => ({
    name: `collector_${signal}`,
    outage: true,
    unknown: true,
    strike: done(() => rig.restartCollector(signal)),
  })
  const upstream = (name: string, strike: () => unknown, unknown = false): LiveFault => ({
    name: `exchange_${name}`,
    outage: false,
    unknown,
    strike: done(strike),
  })
  return [
    ...evictions('shard', shards),
    ...evictions('book', books),
    {
      name: 'gateway_crash',
      outage: true,
      unknown: false,
      strike: () => rig.crashGateway(),
    },
    collector('SIGKILL'),
    collector('SIGTERM'),
    {
      name: 'feed_cut',
      outage: true,
      unknown: false,
      strike: done(async () => {
        rig.feed.cut()
        await sleep(random.below(800))
        rig.feed.mend()
      }),
    },
    { name: 'deploy', outage: true, unknown: true, strike: () => rig.restartWorker() },
    upstream('drop', () => exchange.dropNext(1 + random.below(3)), true),
    upstream('duplicate', () => exchange.duplicateNext()),
    upstream('delay', () => exchange.delayNext(20 + random.below(300))),
    upstream('corrupt', () => exchange.corruptNext('price')),
    upstream('cut', () => exchange.cut(), true),
  ]
}
