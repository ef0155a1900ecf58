import { setTimeout as sleep } from 'node:timers/promises'
import type { Random } from '../simulator/random.ts'
import type { SoakRig } from './soak-rig.ts'

type SoakFault = { readonly name: string; readonly inject: (rig: SoakRig) => unknown }

/** One of the connections that carry books. */
function someLine({ exchange }: SoakRig, random: Random) {
  const lines = exchange.connectionList().filter(({ markets }) => markets.length > 0)
  const line = lines.length === 0 ? undefined : random.pick(lines)
  return exchange.only(line?.connection ?? 0)
}

/** What can happen to a collector that goes on. */
function faults(random: Random): readonly SoakFault[] {
  return [
    { name: 'cut', inject: ({ exchange }) => exchange.cut() },
    { name: 'cut one', inject: (rig) => someLine(rig, random).cut() },
    { name: 'drop', inject: (rig) => someLine(rig, random).dropNext(1 + random.below(3)) },
    { name: 'duplicate', inject: (rig) => someLine(rig, random).duplicateNext() },
    { name: 'reorder', inject: (rig) => someLine(rig, random).reorderNext() },
    { name: 'delay', inject: (rig) => someLine(rig, random).delayNext(20 + random.below(500)) },
    { name: 'unreadable', inject: (rig) => someLine(rig, random).corruptNext('price') },
    { name: 'silence', inject: (rig) => someLine(rig, random).silence(2000 + random.below(6000)) },
    {
      name: 'half open',
      inject: (rig) => someLine(rig, random).silence(60_000, { pings: false }),
    },
    { name: 'mute', inject: ({ exchange }) => exchange.mute(5000) },
    { name: 'error 25', inject: (rig) => someLine(rig, random).overflow() },
    { name: 'error 10', inject: (rig) => someLine(rig, random).channelError() },
    { name: 'lost trades', inject: ({ exchange }) => exchange.dropNextOf('trade', 3) },
    {
      name: 'refused',
      inject: ({ exchange }) => {
        exchange.refuseHandshakes(2, random.pick([401, 403, 429, 503, 'html'] as const))
        exchange.cut()
      },
    },
    { name: 'deaf', inject: ({ exchange }) => exchange.deaf(3000) },
    { name: 'maintenance', inject: ({ exchange }) => exchange.life.maintenance(4000) },
    {
      name: 'REST fails',
      inject: ({ exchange }) => exchange.restFail(5, random.pick([429, 500, 503] as const)),
    },
    {
      name: 'Postgres away',
      inject: async ({ database }) => {
        await database.pause()
        await sleep(5000)
        await database.resume()
      },
    },
    {
      name: 'Postgres slow',
      inject: async ({ relay }) => {
        relay.delayMs = 1000
        await sleep(5000)
        relay.delayMs = 0
      },
    },
  ]
}

const RESTARTS: readonly SoakFault[] = [
  {
    name: 'kill -9',
    inject: async (rig) => {
      rig.collector.kill('SIGKILL')
      await rig.startCollector()
    },
  },
  {
    name: 'SIGTERM',
    inject: async (rig) => {
      rig.collector.kill('SIGTERM')
      await rig.startCollector()
    },
  },
]

/** While the collector may be ended, every so many faults are its end. */
const END_EVERY = 4

/** Draws what goes wrong next: each thing once, in an order drawn anew each time, and now and then the collector's end. */
export class SoakFaults {
  readonly #random: Random
  #left: SoakFault[] = []
  #done = 0

  constructor(random: Random) {
    this.#random = random
  }

  /** Does the next thing, and answers its name. @param restarts whether the collector's end may be it */
  async next(rig: SoakRig, restarts: boolean): Promise<string> {
    this.#done += 1
    const drawn = restarts && this.#done % END_EVERY === 0 ? this.#end() : this.#draw()
    await drawn?.inject(rig)
    return drawn?.name ?? 'nothing'
  }

  /** Killed and told to end by turns. */
  #end(): SoakFault | undefined {
    return RESTARTS[(this.#done / END_EVERY - 1) % RESTARTS.length]
  }

  #draw(): SoakFault | undefined {
    if (this.#left.length === 0) this.#left = [...faults(this.#random)]
    return this.#left.splice(this.#random.below(this.#left.length), 1)[0]
  }
}
