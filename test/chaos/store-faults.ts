import { existsSync } from 'node:fs'
import { readdir, rm, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { trueTime } from '../../simulator/clock.ts'
import { until } from '../until.ts'
import type { Fault } from './fault.ts'
import type { FaultRig } from './fault-rig.ts'

/** A disk without room: https://man7.org/linux/man-pages/man4/full.4.html */
const FULL = '/dev/full'

/** What goes wrong with what the collector writes to. */
export const STORE_FAULTS: readonly Fault[] = [
  {
    name: 'Postgres killed and restarted',
    strike: async (rig) => {
      await rig.postgres.kill()
      const away = await rig.sql`select 1`.then(
        () => false,
        () => true,
      )
      await sleep(rig.plan.seconds * 500)
      await rig.postgres.start()
      return { times: away ? 1 : 0, losses: [] }
    },
  },
  {
    name: 'Postgres slow: 1 s a statement',
    strike: async (rig) => {
      rig.relay.delayMs = 1000
      let behindUs = 0
      const until = trueTime() + rig.plan.seconds * 1_000_000
      while (behindUs < 1_500_000 || trueTime() < until) {
        behindUs = Math.max(behindUs, trueTime() - (await rig.through()))
        await sleep(50)
      }
      rig.relay.delayMs = 0
      return { times: 1, losses: [] }
    },
  },
  ...(existsSync(FULL) ? [diskFull()] : []),
]

function diskFull(): Fault {
  const strike = async (rig: FaultRig) => {
    const dir = join(rig.postgres.dir, 'first')
    const next = await blockNextFile(dir)
    await until('the exchange is not read', () => rig.exchange.connections() === 0)
    const atUs = trueTime()
    await sleep(500)
    const silent = rig.exchange.connections() === 0
    await rm(next)
    const losses = [{ atUs, markets: rig.markets, causes: ['disk'] }]
    const problems = silent ? [] : ['it read the exchange while the disk was full']
    return { times: 1, losses, problems }
  }
  return { name: 'disk full', strike }
}

/** Puts the full disk in the place of the spool's next file. */
async function blockNextFile(dir: string): Promise<string> {
  for (;;) {
    const numbers = (await readdir(dir)).map((name) =>
      Number(/^(\d+)\.spool$/.exec(name)?.[1] ?? 0),
    )
    const next = join(dir, `${String(Math.max(...numbers) + 1).padStart(10, '0')}.spool`)
    // The spool may have made it in this moment.
    const made = await symlink(FULL, next).then(
      () => true,
      () => false,
    )
    if (made) return next
  }
}
