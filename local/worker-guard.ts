import { execFile, spawn } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'

/** Waits for the end of its input, which comes when our process ends, however it does. */
const SCRIPT = 'cat > /dev/null; kill -9 "$@" 2> /dev/null'

/**
 * Ties workerd to our life: it outlives a process of ours that is killed, and would keep the port.
 * Call it once workerd runs, and when it is our only child.
 * @returns lets workerd go; to be called once it has ended
 */
export async function guardChildren(): Promise<() => void> {
  const children = await childrenOf(process.pid)
  if (children.length === 0) return () => {}
  const guard = spawn('sh', ['-c', SCRIPT, 'guard', ...children], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  guard.on('error', () => {})
  guard.unref()
  return () => {
    guard.kill('SIGKILL')
  }
}

/** The ids of a process's children; none where the system does not tell. */
async function childrenOf(pid: number): Promise<string[]> {
  const listed = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(async () => {
    const told = await promisify(execFile)('pgrep', ['-P', String(pid)]).catch(() => null)
    return told?.stdout ?? ''
  })
  return listed.split(/\s+/).filter((id) => /^\d+$/.test(id))
}
