import { execFile } from 'node:child_process'
import { cp, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import postgres, { type Sql } from 'postgres'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { migrate } from '../../migrations/migrate.ts'
import { emptyDatabase } from '../database.ts'

const FOLDER = fileURLToPath(new URL('../../migrations', import.meta.url))
const FILES = (await readdir(FOLDER)).filter((name) => name.endsWith('.sql')).sort()

let cluster: Awaited<ReturnType<typeof emptyDatabase>>
let admin: Sql
let url: string
let sql: Sql
let folder: string
let made = 0

beforeAll(async () => {
  cluster = await emptyDatabase()
  admin = postgres(cluster.ownerUrl, { max: 1, onnotice: () => {} })
})

afterAll(async () => {
  await admin.end()
  await cluster.stop()
})

beforeEach(async () => {
  made += 1
  await admin.unsafe(`create database fresh_${made}`)
  url = cluster.ownerUrl.replace(/\/postgres$/, `/fresh_${made}`)
  sql = postgres(url, { max: 4, onnotice: () => {} })
  folder = await mkdtemp(join(tmpdir(), 'kalshibook-migrations-'))
  await cp(FOLDER, folder, { recursive: true })
})

afterEach(async () => {
  await sql.end()
  await rm(folder, { recursive: true })
})

async function ledger(): Promise<string[]> {
  const rows = await sql`select file from kb.migrations order by number`
  return rows.map((row) => row['file'])
}

test('an empty database gets every file in order, and a second run finds nothing to do', async () => {
  const applied = await migrate(url)
  expect(applied.map(({ file }) => file)).toEqual(FILES)
  expect(await ledger()).toEqual(FILES)
  expect(await migrate(sql)).toEqual([])
})

test('of two runners at once each file is applied by one, and both end well', async () => {
  const both = await Promise.all([migrate(url), migrate(url)])
  const files = both.flat().map(({ file }) => file)
  expect(files.sort()).toEqual(FILES)
  expect(await ledger()).toEqual(FILES)
})

test('a runner waits while another holds the lock', async () => {
  const holder = await sql.reserve()
  await holder`select pg_advisory_lock(5407113902211)`
  let done = false
  const runner = migrate(url, folder).then((applied) => {
    done = true
    return applied
  })
  let waiting = 0
  while (waiting === 0) {
    const [row] = await sql`
      select count(*)::int as n from pg_locks where locktype = 'advisory' and not granted
        and database = (select oid from pg_database where datname = current_database())`
    waiting = row?.['n']
  }
  expect(done).toBe(false)
  await holder`select pg_advisory_unlock(5407113902211)`
  holder.release()
  expect((await runner).length).toBe(FILES.length)
})

test('a failing file is rolled back whole and named, and what came before it stays', async () => {
  const broken = `${String(FILES.length + 1).padStart(4, '0')}_broken.sql`
  await writeFile(join(folder, broken), 'create table kb.half (a int);\nselect 1 / 0;')
  await expect(migrate(url, folder)).rejects.toMatchObject({
    code: 'migration_failed',
    file: broken,
    message: expect.stringContaining('division by zero'),
  })
  expect(await ledger()).toEqual(FILES)
  const [half] = await sql`select to_regclass('kb.half') as half`
  expect(half?.['half']).toBeNull()
})

test('a file that changed after it was applied is refused', async () => {
  await migrate(url, folder)
  await writeFile(join(folder, FILES[1] ?? ''), '-- changed')
  await expect(migrate(url, folder)).rejects.toMatchObject({
    code: 'migration_changed',
    file: FILES[1],
  })
})

test('a file that was applied and is gone is refused', async () => {
  await migrate(url, folder)
  await rm(join(folder, FILES.at(-1) ?? ''))
  await expect(migrate(url, folder)).rejects.toMatchObject({
    code: 'migration_missing',
    file: FILES.at(-1),
  })
})

test('a number left out, a number used twice and a name of another shape are refused', async () => {
  const last = FILES.at(-1) ?? ''
  await rename(join(folder, last), join(folder, '0099_late.sql'))
  await expect(migrate(url, folder)).rejects.toMatchObject({ code: 'migration_number_gap' })
  await rename(join(folder, '0099_late.sql'), join(folder, '0001_twice.sql'))
  await expect(migrate(url, folder)).rejects.toMatchObject({ code: 'migration_number_duplicate' })
  await rename(join(folder, '0001_twice.sql'), join(folder, '1-odd.sql'))
  await expect(migrate(url, folder)).rejects.toMatchObject({ code: 'migration_name' })
  const [schema] = await sql`select to_regnamespace('kb') as kb`
  expect(schema?.['kb']).toBeNull()
})

test('an owner who is no superuser can migrate', async () => {
  await sql.unsafe(`drop role if exists plain_owner`)
  await sql.unsafe(`create role plain_owner login createrole password 'plain'`)
  await sql.unsafe(`alter database fresh_${made} owner to plain_owner`)
  // On a server of its own the roles would be this owner's; here an earlier test's owner made them.
  await sql.unsafe('grant kb_collector, kb_reader, kb_account to plain_owner with admin option')
  const own = new URL(url)
  own.username = 'plain_owner'
  own.password = 'plain'
  expect((await migrate(own.href)).length).toBe(FILES.length)
  await sql.unsafe(`alter database fresh_${made} owner to postgres`)
  await sql.unsafe('reassign owned by plain_owner to postgres')
  await sql.unsafe('drop owned by plain_owner')
  await sql.unsafe('drop role plain_owner')
})

test('the runner is a program too: it says what it applied, and fails with 1 and the reason', async () => {
  const run = promisify(execFile)
  const program = join(FOLDER, 'migrate.ts')
  const good = await run(process.execPath, [program], { env: { DATABASE_URL: url } })
  expect(good.stdout).toBe(FILES.map((file) => `applied ${file}\n`).join(''))
  await sql`update kb.migrations set checksum = 'other' where number = 2`
  await expect(
    run(process.execPath, [program], { env: { DATABASE_URL: url } }),
  ).rejects.toMatchObject({ code: 1, stderr: expect.stringContaining(FILES[1] ?? '') })
  await expect(run(process.execPath, [program], { env: {} })).rejects.toMatchObject({
    code: 1,
    stderr: 'DATABASE_URL is not set\n',
  })
})
