import { setTimeout as sleep } from 'node:timers/promises'
import { trueTime } from '../../simulator/clock.ts'
import { until } from '../until.ts'
import type { Fault, Struck } from './fault.ts'
import type { FaultRig } from './fault-rig.ts'

/** What is stored between the copy and its return, and then lost. */
const LOST_MS = 1000

/** An older database takes the place of the one that is written to, and the collector lives on. */
export const RESTORE_FAULTS: readonly Fault[] = [
  {
    name: 'an older database restored, of the epoch that still records',
    strike: (rig) => restored(rig, async () => {}),
  },
  {
    name: 'an older database restored, of an epoch before the one that records',
    strike: (rig) => restored(rig, () => rig.restartHere()),
  },
]

/**
 * Copies the database, goes on, and puts the copy in its place.
 * @param between happens after the copy
 * @param away happens while Postgres is stopped to be restored; what it answers happens once it runs again
 */
export async function restored(
  rig: FaultRig,
  between: () => Promise<unknown>,
  away: () => Promise<() => Promise<unknown>> = async () => async () => {},
): Promise<Struck> {
  const { postgres } = rig
  const fromUs = trueTime()
  await rig.durable()
  const epoch = await newestEpoch(rig)
  await postgres.stop()
  await postgres.copy()
  await postgres.start()
  await between()
  await rig.recovered()
  await sleep(LOST_MS)
  await rig.durable()
  const through = await rig.through()
  await postgres.stop()
  const after = await away()
  await postgres.restore()
  rig.watch.restored()
  await postgres.start()
  await until('Postgres answers', async () => (await rig.through()) > 0)
  // Whoever lived on may have opened the next epoch by now: what the copy holds is told by the one before.
  const atUs = await throughOf(rig, epoch)
  const problems = atUs < fromUs ? ['the copy holds less than was durable'] : []
  await after()
  await until(
    'it records in the next epoch',
    async () => (await rig.through()) > trueTime() - 1_000_000,
  )
  const losses = [{ atUs, markets: rig.markets, causes: ['epoch'] }]
  return { times: atUs < through ? 1 : 0, losses, problems }
}

/** The epoch that was opened last. */
export async function newestEpoch({ sql }: FaultRig): Promise<number> {
  const [row] = await sql`select max(epoch)::text as epoch from kb.epochs`
  return Number(row?.['epoch'])
}

/** How far an epoch's record is complete, µs. */
async function throughOf({ sql }: FaultRig, epoch: number): Promise<number> {
  const [row] = await sql`
    select recorded_through_us::text as us from kb.epochs where epoch = ${epoch}`
  return Number(row?.['us'])
}
