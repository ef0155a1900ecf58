import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** A process that lives. */
export type LivingProcess = {
  readonly parent: number
  readonly command: string
  /** When it started, in words of the system: another process of the same id has others. */
  readonly started: string
}

/** Describes a living process; null when there is none of that id, or it has ended but for its name. */
export async function livingProcess(pid: number): Promise<LivingProcess | null> {
  return process.platform === 'linux' ? describeByProc(pid) : describeByPs(pid)
}

// https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html: state, ppid, …, starttime is the 22nd.
async function describeByProc(pid: number): Promise<LivingProcess | null> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    const command = (await readFile(`/proc/${pid}/cmdline`, 'utf8')).replaceAll('\0', ' ')
    if (fields[0] === 'Z') return null
    return { parent: Number(fields[1]), command, started: fields[19] ?? '' }
  } catch {
    return null
  }
}

async function describeByPs(pid: number): Promise<LivingProcess | null> {
  const columns = ['-o', 'stat=,ppid=,lstart=,args=', '-ww', '-p', String(pid)]
  try {
    const { stdout } = await run('ps', columns, { env: { ...process.env, LC_ALL: 'C' } })
    const [state = '', parent = '', ...rest] = stdout.trim().split(/\s+/)
    // As in `Sun Nov 22 11:36:43 2026`.
    const started = rest.splice(0, 5).join(' ')
    return state.startsWith('Z')
      ? null
      : { parent: Number(parent), command: rest.join(' '), started }
  } catch (error) {
    // `ps` ends with 1 when it finds nothing.
    if ((error as { code?: unknown }).code === 1) return null
    throw error
  }
}
