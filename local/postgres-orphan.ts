import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { livingProcess } from './living-process.ts'

const STOP_MS = 10_000
const LOOK_MS = 50

/**
 * Makes a cluster's folder free to start on: removes a `postmaster.pid` that no Postgres stands behind, waits for a Postgres
 * that is being stopped because its starter is gone, and stops one that nobody stops. Throws when a Postgres runs there under
 * a starter that lives, or does not stop within 10 s.
 */
export async function clearOrphan(cluster: string): Promise<void> {
  const file = join(cluster, 'postmaster.pid')
  for (let waited = 0, stopped = false; ; waited += LOOK_MS) {
    const text = await readFile(file, 'utf8').catch(() => null)
    if (text === null) return
    const pid = Number(text.split('\n')[0])
    const owner = await ownerOf(pid, cluster)
    if (owner === 'no postgres') {
      await rm(file, { force: true })
      return
    }
    if (owner === 'started') {
      throw new Error(`the database in ${cluster} is in use (Postgres is process ${pid})`)
    }
    if (waited >= STOP_MS) throw new Error(`an abandoned Postgres (process ${pid}) does not stop`)
    if (owner === 'none' && !stopped) {
      process.kill(pid, 'SIGINT')
      stopped = true
    }
    await pause(LOOK_MS)
  }
}

/**
 * Who stands behind a Postgres: the process that owns it under a starter that lives, that process alone, which is about to
 * stop it, or none.
 */
async function ownerOf(
  pid: number,
  cluster: string,
): Promise<'no postgres' | 'started' | 'left alone' | 'none'> {
  const found = Number.isInteger(pid) && pid > 1 ? await livingProcess(pid) : null
  if (found === null || !(found.command.includes('postgres') && found.command.includes(cluster))) {
    return 'no postgres'
  }
  const owner = found.parent > 1 ? await livingProcess(found.parent) : null
  if (!owner?.command.includes('node')) return 'none'
  // Where a test starts it in its own process, that one's starter is no matter.
  if (!owner.command.includes('postgres-main')) return 'started'
  const starter = owner.parent > 1 ? await livingProcess(owner.parent) : null
  return starter?.command.includes('node') ? 'started' : 'left alone'
}
