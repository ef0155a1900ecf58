import { access, chown, constants, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { freePort } from '../local/free-port.ts'
import { type Identity, postgresIdentity } from '../local/postgres-identity.ts'
import { collectWords, launch } from '../local/postgres-launch.ts'

const START_MS = 10_000
const STOP_MS = 2000
/** Debian installs it where the PATH of an ordinary account does not lead. */
const ELSEWHERE = ['/usr/sbin', '/usr/local/sbin']

/** A pool in transaction mode between its clients and Postgres, as Hyperdrive is one. */
export type PgBouncer = {
  /** The address of the same role and database through the pool. */
  through(url: string): string
  stop(): Promise<void>
}

/** How many connections to Postgres each role has at most. */
export type PoolSize = { readonly connections?: number }

/**
 * Starts PgBouncer on a free port of 127.0.0.1 before the Postgres of these addresses, which are of one server and one
 * database, each of a role of its own. Null when it is not installed. Throws with its last words when it does not start.
 */
export async function startPgBouncer(
  urls: readonly string[],
  { connections = 20 }: PoolSize = {},
): Promise<PgBouncer | null> {
  const program = await findProgram()
  if (program === null) return null
  const dir = await mkdtemp(join(tmpdir(), 'kalshibook-pool-'))
  const identity = await postgresIdentity(dir)
  const port = await freePort()
  const users = join(dir, 'users.txt')
  const config = join(dir, 'pgbouncer.ini')
  await writeFile(users, urls.map(lineOf).join(''), { mode: 0o600 })
  await writeFile(config, settings(urls[0] ?? '', port, users, connections), { mode: 0o600 })
  await handOver(identity, [dir, users, config])
  const child = launch(identity, program, [config])
  const ended = new Promise<void>((done) => child.once('close', () => done()))
  const kill = () => child.kill('SIGTERM')
  process.once('exit', kill)
  const stop = async () => {
    const harder = setTimeout(() => child.kill('SIGKILL'), STOP_MS)
    kill()
    await ended
    clearTimeout(harder)
    process.off('exit', kill)
    await rm(dir, { recursive: true, force: true })
  }
  try {
    await ready(child)
  } catch (error) {
    await stop()
    throw error
  }
  const through = (url: string) => {
    const address = new URL(url)
    address.port = String(port)
    return address.href
  }
  return { through, stop }
}

/** https://www.pgbouncer.org/config.html */
function settings(url: string, port: number, users: string, connections: number): string {
  const { hostname, port: serverPort, pathname } = new URL(url)
  const lines = {
    listen_addr: '127.0.0.1',
    listen_port: port,
    unix_socket_dir: '',
    pool_mode: 'transaction',
    default_pool_size: connections,
    max_client_conn: 1000,
    // The passwords are for Postgres: a Worker and its pool are in one place, and the wire between them is not measured.
    auth_type: 'trust',
    auth_file: users,
    ignore_startup_parameters: 'extra_float_digits',
    server_login_retry: 1,
    log_connections: 0,
    log_disconnections: 0,
    log_stats: 0,
  }
  const text = Object.entries(lines).map(([name, value]) => `${name} = ${value}\n`)
  const server = `host=${hostname} port=${serverPort || 5432}`
  return `[databases]\n${pathname.slice(1)} = ${server}\n[pgbouncer]\n${text.join('')}`
}

/** A role and the password with which the pool enters Postgres, as the pool's file holds them. */
function lineOf(url: string): string {
  const { username, password } = new URL(url)
  const quoted = (text: string) => `"${decodeURIComponent(text).replaceAll('"', '""')}"`
  return `${quoted(username)} ${quoted(password)}\n`
}

async function handOver({ account }: Identity, paths: readonly string[]): Promise<void> {
  if (account === null) return
  for (const path of paths) await chown(path, account.uid, account.gid)
}

async function findProgram(): Promise<string | null> {
  for (const folder of [...(process.env['PATH'] ?? '').split(delimiter), ...ELSEWHERE]) {
    const path = join(folder, 'pgbouncer')
    const there = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    )
    if (there) return path
  }
  return null
}

async function ready(child: ReturnType<typeof launch>): Promise<void> {
  const words = collectWords(child)
  let late: NodeJS.Timeout | undefined
  try {
    await new Promise<void>((done, failed) => {
      const fail = (why: string) => failed(new Error(`PgBouncer ${why}: ${words()}`))
      late = setTimeout(fail, START_MS, `was not ready after ${START_MS} ms`)
      child.once('error', failed)
      child.once('close', (code) => fail(`ended with ${code}`))
      child.stderr?.on('data', () => {
        if (words().includes('process up')) done()
      })
    })
  } finally {
    clearTimeout(late)
  }
}
