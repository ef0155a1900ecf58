import { spawn, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import postgres from 'postgres'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type RunningPostgres, startPostgres } from '../../local/postgres.ts'
import { spawnPostgres } from '../../local/postgres-process.ts'
import { setRolePasswords } from '../../local/roles.ts'
import { migrate } from '../../migrations/migrate.ts'
import { until } from '../until.ts'

let dir: string
let dataDir: string
let running: RunningPostgres[]

beforeEach(async () => {
  running = []
  dir = await mkdtemp(join(tmpdir(), 'kalshibook-postgres-'))
  await chmod(dir, 0o755)
  dataDir = join(dir, 'data')
})

afterEach(async () => {
  await Promise.all(running.map((each) => each.stop()))
  await rm(dir, { recursive: true, force: true })
})

async function start(over: { persistent?: boolean; spawned?: boolean } = {}) {
  const options = { dataDir, persistent: over.persistent ?? true, fsync: false }
  const started = await (over.spawned ? spawnPostgres(options) : startPostgres(options))
  running.push(started)
  return started
}

async function ask<Row>(url: string, text: string): Promise<Row[]> {
  const sql = postgres(url, { max: 1, connect_timeout: 2, onnotice: () => {} })
  try {
    return [...(await sql.unsafe(text))] as Row[]
  } finally {
    await sql.end({ timeout: 1 })
  }
}

const pidOf = async () =>
  Number((await readFile(join(dataDir, 'cluster', 'postmaster.pid'), 'utf8')).split('\n')[0])

/** A process that has ended but that nobody has waited for (an orphan in a container) is not alive. */
function alive(pid: number): boolean {
  const ps = spawnSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' })
  return ps.stdout.trim() !== '' && !ps.stdout.startsWith('Z')
}

test('it is a real Postgres 17 in UTF-8, on this machine alone', async () => {
  const { url } = await start()
  const [row] = await ask<Record<string, string>>(
    url,
    `select current_setting('server_version_num')::int / 10000 as major,
      current_setting('listen_addresses') as listens, current_setting('unix_socket_directories') as sockets,
      current_setting('server_encoding') as encoding, datlocprovider::text || datlocale as locale,
      current_setting('TimeZone') as zone
    from pg_database where datname = current_database()`,
  )
  expect(row).toEqual({
    major: 17,
    listens: '127.0.0.1',
    sockets: '',
    encoding: 'UTF8',
    locale: 'bC.UTF-8',
    zone: 'UTC',
  })
  const wrong = new URL(url)
  wrong.password = 'guess'
  await expect(ask(wrong.href, 'select 1')).rejects.toMatchObject({ code: '28P01' })
})

test('what is persistent is there at the next start, behind the same password', async () => {
  const first = await start()
  await ask(first.url, 'create table kept as select 1 as one')
  await first.stop()
  expect((await stat(join(dataDir, 'superuser-password'))).mode & 0o777).toBe(0o600)
  const second = await start()
  expect(new URL(second.url).password).toBe(new URL(first.url).password)
  expect(await ask(second.url, 'select one from kept')).toEqual([{ one: 1 }])
})

test('what is not persistent leaves nothing', async () => {
  const started = await start({ persistent: false, spawned: true })
  const pid = await pidOf()
  await started.stop()
  expect(existsSync(dataDir)).toBe(false)
  expect(alive(pid)).toBe(false)
})

test('a start that was cut off while it made the cluster is made good by the next one', async () => {
  await mkdir(join(dataDir, 'cluster.new'), { recursive: true })
  await writeFile(join(dataDir, 'cluster.new', 'PG_VERSION'), '17\n')
  const { url } = await start()
  expect(await ask(url, 'select 1 as one')).toEqual([{ one: 1 }])
})

test('a Postgres that was killed starts again on what it had committed', async () => {
  const first = await start()
  await ask(first.url, 'create table kept as select 1 as one')
  process.kill(await pidOf(), 'SIGKILL')
  await first.ended
  expect(existsSync(join(dataDir, 'cluster', 'postmaster.pid'))).toBe(true)
  const second = await start()
  expect(await ask(second.url, 'select one from kept')).toEqual([{ one: 1 }])
})

test('a postmaster.pid that names some other process stops nobody', async () => {
  await (await start()).stop()
  const file = join(dataDir, 'cluster', 'postmaster.pid')
  await writeFile(file, `${process.pid}\n${join(dataDir, 'cluster')}\n`)
  const { url } = await start()
  expect(await ask(url, 'select 1 as one')).toEqual([{ one: 1 }])
})

test('a second start on the same folder is refused while the first one runs', async () => {
  const { url } = await start({ spawned: true })
  await expect(startPostgres({ dataDir, persistent: true })).rejects.toThrow('is in use')
  await expect(spawnPostgres({ dataDir, persistent: true })).rejects.toThrow('is in use')
  expect(await ask(url, 'select 1 as one')).toEqual([{ one: 1 }])
})

/** A program that starts Postgres and then does nothing until it is killed. */
async function startElsewhere(): Promise<{ starter: number; postgres: number }> {
  const module = fileURLToPath(new URL('../../local/postgres-process.ts', import.meta.url))
  const text = `
    import { spawnPostgres } from ${JSON.stringify(module)}
    await spawnPostgres({ dataDir: ${JSON.stringify(dataDir)}, persistent: true, fsync: false })
    console.log('ready')
    setInterval(() => {}, 1000)`
  const child = spawn(process.execPath, ['--input-type=module', '-e', text], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await new Promise((done) => child.stdout.once('data', done))
  return { starter: child.pid ?? 0, postgres: await pidOf() }
}

test('when its starter is killed, Postgres stops by itself', async () => {
  const pids = await startElsewhere()
  process.kill(pids.starter, 'SIGKILL')
  await until('Postgres has stopped', () => !alive(pids.postgres))
  expect(existsSync(join(dataDir, 'cluster', 'postmaster.pid'))).toBe(false)
})

test('when even the process that owns it was killed, the next start stops the abandoned one first', async () => {
  const pids = await startElsewhere()
  const ps = spawnSync('ps', ['-o', 'ppid=', '-p', String(pids.postgres)], { encoding: 'utf8' })
  process.kill(Number(ps.stdout), 'SIGKILL')
  process.kill(pids.starter, 'SIGKILL')
  expect(alive(pids.postgres)).toBe(true)
  const { url } = await start()
  expect(await ask(url, 'select 1 as one')).toEqual([{ one: 1 }])
  expect(alive(pids.postgres)).toBe(false)
})

test('the roles log in with passwords that are kept between starts, for their owner alone', async () => {
  const { url } = await start()
  await migrate(url)
  const secrets = join(dir, 'secrets')
  const first = await setRolePasswords(url, secrets)
  expect(await setRolePasswords(url, secrets)).toEqual(first)
  expect((await stat(join(secrets, 'role-passwords.json'))).mode & 0o777).toBe(0o600)
  const who = (each: string) => ask<{ name: string }>(each, 'select current_user as name')
  expect(await who(first.collectorUrl)).toEqual([{ name: 'kb_collector' }])
  expect(await who(first.readerUrl)).toEqual([{ name: 'kb_reader' }])
  expect(await who(first.accountUrl)).toEqual([{ name: 'kb_account' }])
})
