import type { ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { freePort } from './free-port.ts'
import { postgresBinaries } from './postgres-binaries.ts'
import { makeCluster } from './postgres-cluster.ts'
import { postgresIdentity } from './postgres-identity.ts'
import { collectWords, launch } from './postgres-launch.ts'
import { clearOrphan } from './postgres-orphan.ts'

export type PostgresOptions = {
  /** Holds the cluster and the superuser's password; made when absent. */
  readonly dataDir: string
  /** A free one when absent. */
  readonly port?: number
  /** Kept after a stop; else the folder is removed. */
  readonly persistent: boolean
  /** Off only where losing the data is harmless. */
  readonly fsync?: boolean
}

export type RunningPostgres = {
  /** The superuser's address. */
  readonly url: string
  /** Settles when Postgres has ended, asked or not. */
  readonly ended: Promise<void>
  /** Ends every session, stops Postgres, and removes what is not persistent. */
  stop(): Promise<void>
}

const STOP_MS = 10_000
const START_MS = 60_000

/**
 * Starts a real Postgres 17 on 127.0.0.1 and waits until it accepts connections. No signal handlers are installed, and a
 * Ctrl-C in the terminal does not reach it: its owner stops it. Throws when it does not start, with its last words.
 */
export async function startPostgres(options: PostgresOptions): Promise<RunningPostgres> {
  const dataDir = resolve(options.dataDir)
  const cluster = join(dataDir, 'cluster')
  await mkdir(dataDir, { recursive: true, mode: 0o755 })
  const sync = options.fsync !== false
  const identity = await postgresIdentity(cluster)
  const password = await superuserPassword(dataDir, options.persistent)
  await clearOrphan(cluster)
  const binaries = await postgresBinaries()
  const tidy = async () => {
    await binaries.remove()
    if (!options.persistent) await rm(dataDir, { recursive: true, force: true })
  }
  try {
    if (!existsSync(cluster)) {
      await makeCluster({ initdb: binaries.initdb, identity, dataDir, password, sync })
    }
    const port = options.port ?? (await freePort())
    const child = launch(identity, binaries.postgres, serverFlags(cluster, port, sync))
    const ended = new Promise<void>((done) => child.once('close', () => done()))
    await ready(child)
    const url = `postgres://postgres:${password}@127.0.0.1:${port}/postgres`
    const stop = async () => {
      await stopServer(child, ended)
      await tidy()
    }
    return { url, ended, stop }
  } catch (error) {
    await tidy()
    throw error
  }
}

function serverFlags(cluster: string, port: number, sync: boolean): string[] {
  const settings = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    timezone: 'UTC',
    log_timezone: 'UTC',
    lc_messages: 'C',
    jit: 'off',
    ...(sync ? { max_wal_size: '2GB' } : { fsync: 'off', full_page_writes: 'off' }),
  }
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  return ['-D', cluster, '-p', String(port), ...flags]
}

/** Waits for the words by which Postgres says that it accepts connections. */
async function ready(child: ChildProcess): Promise<void> {
  const words = collectWords(child)
  let late: NodeJS.Timeout | undefined
  try {
    await new Promise<void>((done, failed) => {
      const fail = (why: string) => failed(new Error(`Postgres ${why}: ${words()}`))
      late = setTimeout(fail, START_MS, `was not ready after ${START_MS} ms`)
      child.once('error', failed)
      child.once('close', (code) => fail(`ended with ${code}`))
      child.stderr?.on('data', () => {
        if (words().includes('database system is ready to accept connections')) done()
      })
    })
  } catch (error) {
    child.kill('SIGQUIT')
    throw error
  } finally {
    clearTimeout(late)
  }
}

async function stopServer(child: ChildProcess, ended: Promise<void>): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill('SIGINT') // "fast shutdown": https://www.postgresql.org/docs/17/server-shutdown.html
  const harder = setTimeout(() => child.kill('SIGQUIT'), STOP_MS)
  await ended
  clearTimeout(harder)
}

async function superuserPassword(dataDir: string, persistent: boolean): Promise<string> {
  const fresh = randomBytes(24).toString('base64url')
  if (!persistent) return fresh
  const file = join(dataDir, 'superuser-password')
  try {
    await writeFile(file, fresh, { mode: 0o600, flag: 'wx' })
    return fresh
  } catch (error) {
    if ((error as { code?: unknown }).code !== 'EEXIST') throw error
    return (await readFile(file, 'utf8')).trim()
  }
}
