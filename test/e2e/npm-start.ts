import { type ChildProcess, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { until } from '../until.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
/** Marks every process of one run, however deep: environments are inherited. */
const MARK = 'KALSHIBOOK_TEST_RUN'
/** A start takes so long at most, on a busy machine. */
export const START_MS = 90_000
const started: ChildProcess[] = []
const folders: string[] = []

/** A folder for an installation, gone after the tests. */
export async function installationFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'kalshibook-start-'))
  await chmod(folder, 0o755)
  folders.push(folder)
  return folder
}

/** Ends what a failed test may have left, and removes its folders. */
export async function sweep(): Promise<void> {
  for (const { pid } of started.splice(0)) {
    if (pid === undefined) continue
    try {
      process.kill(-pid, 'SIGKILL')
    } catch {
      // Gone already, as it should be.
    }
  }
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true })
}

export type NpmStart = {
  readonly said: { out: string; err: string }
  /** The exit code, once it has ended and said its last. */
  readonly ended: Promise<number | null>
  /** A signal to the whole group, as the terminal's Ctrl-C. */
  readonly ctrlC: () => void
  /** Kills the starter alone, which has no time to stop anything. */
  readonly kill: () => void
  /** Command lines of its processes that run now; null where the system does not tell. */
  readonly running: () => string[] | null
}

/** `npm start -- …` as a person types it, in a process group of its own as a terminal has it. */
export function npmStart(args: string[], env: Record<string, string> = {}): NpmStart {
  const mark = randomUUID()
  const child = spawn('npm', ['start', '--silent', '--', ...args], {
    cwd: ROOT,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env, [MARK]: mark },
  })
  started.push(child)
  const said = { out: '', err: '' }
  child.stdout.on('data', (chunk) => {
    said.out += String(chunk)
  })
  child.stderr.on('data', (chunk) => {
    said.err += String(chunk)
  })
  const ended = once(child, 'close').then(([code]) => code as number | null)
  const { pid } = child
  if (pid === undefined) throw new Error('npm does not start')
  const dataDir = args[args.indexOf('--data') + 1] ?? ''
  return {
    said,
    ended,
    ctrlC: () => process.kill(-pid, 'SIGINT'),
    kill: () => process.kill(-pid, 'SIGKILL'),
    running: () => (process.platform === 'linux' ? marked(`${MARK}=${mark}`, dataDir) : null),
  }
}

/** Postgres gets an environment of its own: it is known by its folder. */
function marked(mark: string, dataDir: string): string[] {
  const read = (pid: string, name: string) => {
    try {
      return readFileSync(`/proc/${pid}/${name}`, 'latin1')
    } catch {
      return '' // It ended while we looked.
    }
  }
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter(
      (pid) =>
        read(pid, 'environ').includes(mark) ||
        (dataDir !== '' && read(pid, 'cmdline').includes(`${dataDir}/postgres`)),
    )
    .map((pid) => read(pid, 'cmdline').replaceAll('\0', ' '))
}

/** Waits until nothing of a run is left; says so where it cannot be known. */
export async function nothingLeft({ running }: NpmStart): Promise<void> {
  if (running() === null) {
    console.warn('Whether a process is left cannot be seen on this system: not looked for.')
    return
  }
  await until('nothing is left running', () => running()?.length === 0, 15_000).catch((error) => {
    throw new Error(running()?.join('\n'), { cause: error })
  })
}

type Event = { event: string; url?: string; key?: string; mailbox?: string; payments?: string }

/** What a run with `--json` said so far. */
export function eventsOf(out: string): Event[] {
  return out
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Event)
}

/** Waits until a run with `--json` is ready. Throws with what it said else. */
export async function ready({ said }: NpmStart): Promise<{ url: string; key: string }> {
  await until('it is ready', () => said.out.includes('"ready"') || said.err !== '', START_MS)
  const { url, key } = eventsOf(said.out).find(({ event }) => event === 'ready') ?? {}
  if (url === undefined || key === undefined) throw new Error(`not ready: ${said.err}`)
  return { url, key }
}
