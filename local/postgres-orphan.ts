import { execFile } from 'node:child_process'
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { promisify } from 'node:util'

const run = promisify(execFile)
const STOP_MS = 10_000

/**
 * Makes a cluster's folder free to start on: removes a `postmaster.pid` that no Postgres stands behind, and stops a Postgres
 * whose starter is gone. Throws when a Postgres runs there under a starter that lives, or does not stop within 10 s.
 */
export async function clearOrphan(cluster: string): Promise<void> {
  const file = join(cluster, 'postmaster.pid')
  const text = await readFile(file, 'utf8').catch(() => null)
  if (text === null) return
  const pid = Number(text.split('\n')[0])
  const found = Number.isInteger(pid) && pid > 1 ? await describe(pid) : null
  if (found === null || !(found.command.includes('postgres') && found.command.includes(cluster))) {
    await rm(file, { force: true })
    return
  }
  const starter = found.parent > 1 ? await describe(found.parent) : null
  if (starter?.command.includes('node')) {
    throw new Error(`the database in ${cluster} is in use (Postgres is process ${pid})`)
  }
  process.kill(pid, 'SIGINT')
  for (let waited = 0; (await describe(pid)) !== null; waited += 50) {
    if (waited >= STOP_MS) throw new Error(`an abandoned Postgres (process ${pid}) does not stop`)
    await pause(50)
  }
}

/** A living process's parent and command line; null when there is no such process. */
async function describe(pid: number): Promise<{ parent: number; command: string } | null> {
  try {
    const { stdout } = await run('ps', ['-o', 'stat=,ppid=,args=', '-ww', '-p', String(pid)])
    const [state = '', parent = '', ...command] = stdout.trim().split(/\s+/)
    return state.startsWith('Z') ? null : { parent: Number(parent), command: command.join(' ') }
  } catch (error) {
    // `ps` ends with 1 when it finds nothing; anything else means that there is no `ps`.
    if ((error as { code?: unknown }).code === 1) return null
    return describeByProc(pid)
  }
}

async function describeByProc(pid: number): Promise<{ parent: number; command: string } | null> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
    const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    const command = (await readFile(`/proc/${pid}/cmdline`, 'utf8')).replaceAll('\0', ' ')
    return state === 'Z' ? null : { parent: Number(parent), command }
  } catch {
    return null
  }
}
