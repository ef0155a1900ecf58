import { setTimeout as sleep } from 'node:timers/promises'
import { trueTime } from '../../simulator/clock.ts'
import type { ConnectionFaults } from '../../simulator/connection-faults.ts'
import type { FaultKind } from '../../simulator/fault-log.ts'
import type { Fault, Loss, Struck } from './fault.ts'
import type { FaultRig } from './fault-rig.ts'

/** What goes wrong on the way from the exchange to the collector, mostly on one of several connections. */
export const FEED_FAULTS: readonly Fault[] = [
  {
    name: 'every connection cut',
    strike: async (rig) => {
      const { atUs } = await rig.strike('cut', () => rig.exchange.cut())
      return once({ atUs, markets: rig.markets, causes: ['cut'] })
    },
  },
  onOne('one connection cut', 'cut', ['cut'], (line) => line.cut()),
  onOne('one connection half-open: no frames, no pings', 'silence', ['silence'], (line) =>
    line.silence(60_000, { pings: false }),
  ),
  onOne('one connection silent: pings go on', 'silence', ['silence'], (line) =>
    line.silence(60_000),
  ),
  onOne('a frame dropped', 'drop', ['sequence'], (line) => line.dropNext()),
  {
    name: 'frames duplicated',
    strike: async (rig) => {
      await rig.strike('duplicate', () => rig.exchange.duplicateNext())
      return { times: 1, losses: [] }
    },
  },
  onOne('a frame reordered', 'reorder', ['sequence'], (line) => line.reorderNext()),
  onOne('a frame late', 'delay', ['sequence'], (line) => line.delayNext(400)),
  onOne('error 10', 'channel_error', ['cut'], (line) => line.channelError()),
  onOne('error 25', 'overflow', ['overflow'], (line) => line.overflow()),
  onOne('a handshake answered 401, then a good one', 'refuse', ['cut'], (line, rig) => {
    rig.exchange.refuseHandshakes(1, 401)
    line.cut()
  }),
  {
    name: 'a snapshot delayed behind deltas',
    strike: async (rig) => {
      const { connection, markets } = rig.random.pick(rig.lines)
      const line = rig.exchange.only(connection)
      const late = rig.random.pick(markets)
      const { atUs } = await rig.strike('delay', () => {
        line.delayNext(300, late, 'snapshot')
        line.dropNext(1)
      })
      // The loss is the lost frame, and before it was found the snapshot was not asked for.
      const lost = rig.exchange.faults.findLast(({ kind }) => kind === 'drop')?.atUs ?? atUs
      return once({ atUs: lost, markets, causes: ['sequence'] })
    },
  },
  {
    name: 'a frame that cannot be read',
    strike: async (rig) => {
      const inject = () => rig.exchange.corruptNext('price', rig.random.pick(rig.markets))
      const { atUs, ticker = '' } = await rig.strike('corrupt', inject)
      return once({ atUs, markets: [ticker], causes: ['malformed'] })
    },
  },
  {
    name: 'maintenance',
    strike: async (rig) => {
      const { atUs } = await rig.strike('maintenance', () => rig.exchange.life.maintenance(2000))
      await sleep(2000)
      return once({ atUs, markets: rig.markets, causes: ['maintenance'] })
    },
  },
]

/** A fault of one connection: no market of the others may be in a gap. */
function onOne(
  name: string,
  kind: FaultKind,
  causes: readonly string[],
  inject: (line: ConnectionFaults, rig: FaultRig) => unknown,
): Fault {
  const strike = async (rig: FaultRig): Promise<Struck> => {
    const { connection, markets } = rig.random.pick(rig.lines)
    const beganUs = trueTime()
    const struck = await rig.strike(kind, () => inject(rig.exchange.only(connection), rig))
    // A handshake is refused some time after the loss.
    const atUs = kind === 'refuse' ? beganUs : struck.atUs
    return once({ atUs, markets, causes })
  }
  return { name, strike }
}

function once(loss: Loss): Struck {
  return { times: 1, losses: [loss] }
}
