import { setTimeout as sleep } from 'node:timers/promises'
import { trueTime } from '../../simulator/clock.ts'
import { until } from '../until.ts'
import type { CollectorApart } from './collector-apart.ts'
import type { Fault, Loss } from './fault.ts'
import type { FaultRig } from './fault-rig.ts'
import { newestEpoch, restored } from './restore-faults.ts'

/** A standby serves within so long of the death of whoever recorded. */
const SERVES_US = 15_000_000
/** One kill for so many seconds of a fault's time, two at least. */
const KILL_EVERY_S = 4
const KILL_WITHIN_MS = 3000

/** What becomes of the collectors' processes, the first of which records when each of these begins. */
export const PROCESS_FAULTS: readonly Fault[] = [
  {
    name: 'kill -9 at random moments, a restart too',
    strike: async (rig) => {
      const losses: Loss[] = []
      const kills = Math.max(2, Math.round(rig.plan.seconds / KILL_EVERY_S))
      for (let i = 0; i < kills; i += 1) {
        // Some while it records, and some while it opens its epoch.
        await sleep(50 + rig.random.below(KILL_WITHIN_MS))
        losses.push(epochLoss(rig))
        await only(rig, 'first').kill()
        rig.startApart('first')
      }
      await rig.recovered()
      return { times: kills, losses }
    },
  },
  {
    name: 'two collectors, and the one that records is killed; it comes back, with what it had spooled',
    strike: async (rig) => {
      const first = only(rig, 'first')
      const second = rig.startApart('second')
      await second.is('standby')
      await settled(rig)
      const killed = epochLoss(rig)
      await first.kill()
      await until('the standby records', () => second.state === 'recording', 30_000)
      await rig.recovered()
      const back = rig.startApart('first')
      await back.is('standby')
      await settled(rig)
      const handed = await handOver(rig, second, back)
      await rig.recovered()
      const overUs = killed.atUs + SERVES_US
      return { times: 2, losses: [{ ...killed, overUs }, handed] }
    },
  },
  {
    name: 'a collector paused, which wakes up after a takeover, and records again later',
    strike: async (rig) => {
      const first = only(rig, 'first')
      const second = rig.startApart('second')
      await second.is('standby')
      await settled(rig)
      const epoch = await newestEpoch(rig)
      const paused = epochLoss(rig)
      first.child.kill('SIGSTOP')
      await second.is('recording')
      await rig.recovered()
      const before = await written(rig, epoch)
      first.child.kill('SIGCONT')
      await first.is('standby')
      await sleep(1000)
      const after = await written(rig, epoch)
      const problems = before === after ? [] : [`it wrote after its lease was lost: ${after}`]
      const handed = await handOver(rig, second, first)
      await rig.recovered()
      const losses = [{ ...paused, overUs: paused.atUs + SERVES_US }, handed]
      return { times: 1, losses, problems }
    },
  },
  {
    name: 'an older database restored while the collector is dead, its spool not empty',
    strike: (rig) =>
      restored(
        rig,
        async () => {},
        async () => {
          // Postgres is away already: what is read now stays in the spool.
          await sleep(500)
          await only(rig, 'first').kill()
          return async () => rig.startApart('first')
        },
      ),
  },
]

/** The process of that name that lives. */
function only(rig: FaultRig, name: string): CollectorApart {
  const found = rig.apart.find((each) => each.name === name && each.state !== 'ended')
  if (found === undefined) throw new Error(`no ${name} lives`)
  return found
}

/** From now on nobody sees any market, until the next epoch's snapshots. */
function epochLoss({ markets }: FaultRig): Loss {
  return { atUs: trueTime(), markets, causes: ['epoch'] }
}

/** One records in place of another that is asked to end, which goes on until it can. */
async function handOver(rig: FaultRig, from: CollectorApart, to: CollectorApart): Promise<Loss> {
  const asked = epochLoss(rig)
  from.child.kill('SIGTERM')
  await to.is('recording')
  const byUs = trueTime()
  await from.child.ended
  return { ...asked, byUs }
}

/** Waits until a process that has just begun takes no more of the machine. */
async function settled(rig: FaultRig): Promise<void> {
  await rig.recovered()
  await rig.durable()
}

/** What an epoch has written so far. */
async function written({ sql }: FaultRig, epoch: number): Promise<string> {
  const [row] = await sql`
    select (select recorded_through_us::text from kb.epochs where epoch = ${epoch}) as through,
      (select count(*)::text from kb.book_deltas where seq / 4294967296 = ${epoch}) as records`
  return JSON.stringify(row)
}
