import { until } from '../until.ts'
import type { Fault, Struck } from './fault.ts'
import type { FaultRig } from './fault-rig.ts'

const SECOND_US = 1_000_000
/** The receive clock takes on at most this share of the time that passes. */
const SLEW = 0.05
/** Coming to rest after a fault takes at most so long. */
const REST_S = 10
/** How far back the clock is when all of it is done. */
const BACK_S = 4

/** The machine's time of day is set by somebody else, one fault after the other. */
export const CLOCK_FAULTS: readonly Fault[] = [
  {
    name: 'the clock stepped forward by 3 s',
    strike: async (rig) => {
      rig.wallAheadUs = 3 * SECOND_US
      return slewed(rig)
    },
  },
  {
    name: 'the clock stepped back by 7 s',
    strike: async (rig) => {
      rig.wallAheadUs = -BACK_S * SECOND_US
      return slewed(rig)
    },
  },
  {
    name: 'a restart on a clock that was stepped back',
    strike: async (rig) => {
      await rig.restartHere()
      const losses = [await lostAtRestart(rig)]
      return { times: 1, losses, aheadUs: BACK_S * SECOND_US, behindUs: slewUs(rig) }
    },
  },
  {
    name: 'the clock stepped far forward, as when the machine slept',
    strike: async (rig) => {
      const [before] = await newestEpochs(rig)
      rig.wallAheadUs = 20 * SECOND_US
      await until('the next epoch begins', async () => {
        const [now] = await newestEpochs(rig)
        return now !== undefined && now.epoch !== before?.epoch
      })
      rig.recvAheadUs = rig.wallAheadUs + SECOND_US
      const losses = [await lostAtRestart(rig)]
      return { times: 1, losses, behindUs: rig.recvAheadUs, aheadUs: BACK_S * SECOND_US }
    },
  },
]

/** The receive clock follows slowly, and nothing is lost. */
function slewed(rig: FaultRig): Struck {
  rig.recvAheadUs = slewUs(rig)
  return { times: 1, losses: [], behindUs: rig.recvAheadUs, aheadUs: rig.recvAheadUs }
}

/** How far receive times can have gone from the true ones when this fault and one before it are over. */
function slewUs({ plan }: FaultRig): number {
  return SLEW * 2 * (plan.seconds + REST_S) * SECOND_US
}

/** What a new epoch could not see began, in receive time, where the one before ended. */
async function lostAtRestart(rig: FaultRig) {
  await until('two epochs', async () => (await newestEpochs(rig)).length === 2)
  const [, before] = await newestEpochs(rig)
  return { atUs: before?.us ?? 0, markets: rig.markets, causes: ['epoch'] }
}

async function newestEpochs({ sql }: FaultRig): Promise<{ epoch: number; us: number }[]> {
  const rows = await sql`
    select epoch::text, recorded_through_us::text as us from kb.epochs order by epoch desc limit 2`
  return rows.map((row) => ({ epoch: Number(row['epoch']), us: Number(row['us']) }))
}
