import { fileURLToPath } from 'node:url'
import postgres, { type Sql, type TransactionSql } from 'postgres'
import { MigrationError } from './migration-error.ts'
import { type MigrationFile, readMigrations } from './migration-file.ts'

/** A migration that this run applied. */
export type Applied = { readonly number: number; readonly file: string }

const FOLDER = fileURLToPath(new URL('.', import.meta.url))
/** The advisory lock of all runners on a database; the number means nothing. */
const LOCK = 5_407_113_902_211

/**
 * Brings schema `kb` up to date: applies the files that were not applied yet, in order, each in its own transaction under
 * an advisory lock, so that a second runner waits and then finds nothing to do. Forward only.
 * Throws MigrationError with a code and the file's name, and connection errors as postgres.js gives them.
 * @param database the owner's address, or a connection as the owner
 * @param folder where the files are; the one of this module when absent
 */
export async function migrate(database: string | Sql, folder = FOLDER): Promise<Applied[]> {
  const migrations = await readMigrations(folder)
  if (typeof database !== 'string') return applyAll(database, migrations)
  const sql = postgres(database, { max: 1, onnotice: () => {} })
  try {
    return await applyAll(sql, migrations)
  } finally {
    await sql.end({ timeout: 5 })
  }
}

async function applyAll(sql: Sql, migrations: MigrationFile[]): Promise<Applied[]> {
  const applied: Applied[] = []
  for (;;) {
    const step = await sql.begin((tx) => applyNext(tx, migrations))
    if (step === null) return applied
    applied.push(step)
  }
}

/** The lock is the transaction's, not the session's, so that a pooler between us and Postgres does no harm. */
async function applyNext(tx: TransactionSql, migrations: MigrationFile[]): Promise<Applied | null> {
  await tx`select pg_advisory_xact_lock(${LOCK})`
  await openLedger(tx)
  const done = await tx<{ number: number; file: string; checksum: string }[]>`
    select number, file, checksum from kb.migrations order by number`
  for (const row of done) {
    const migration = migrations[row.number - 1]
    if (migration === undefined) throw new MigrationError('migration_missing', row.file)
    if (migration.checksum !== row.checksum) throw new MigrationError('migration_changed', row.file)
  }
  const next = migrations[done.length]
  if (next === undefined) return null
  try {
    await tx`set local statement_timeout = 0`
    await tx`set local search_path = pg_catalog`
    await tx.unsafe(next.sql)
    await tx`insert into kb.migrations (number, file, checksum)
      values (${next.number}, ${next.file}, ${next.checksum})`
  } catch (error) {
    throw new MigrationError('migration_failed', next.file, error)
  }
  return { number: next.number, file: next.file }
}

async function openLedger(tx: TransactionSql): Promise<void> {
  const [ledger] = await tx`select to_regclass('kb.migrations') is not null as there`
  if (ledger?.['there'] === true) return
  await tx`create schema if not exists kb`
  await tx`
    create table kb.migrations (
      number integer primary key,
      file text not null,
      checksum text not null,
      applied_at timestamptz not null default now()
    )`
  await tx`alter table kb.migrations enable row level security`
  await tx`revoke all on table kb.migrations from public`
}

if (import.meta.main) {
  const url = process.env['DATABASE_URL']
  if (url === undefined || url === '') {
    console.error('DATABASE_URL is not set')
    process.exitCode = 1
  } else {
    try {
      const applied = await migrate(url)
      for (const step of applied) console.log(`applied ${step.file}`)
      if (applied.length === 0) console.log('nothing to apply')
    } catch (error) {
      console.error(error instanceof Error ? error.message : error)
      process.exitCode = 1
    }
  }
}
