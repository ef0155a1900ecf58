import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { MigrationError } from './migration-error.ts'

/** One forward step of the schema: its number, its file's name, its SQL and the SHA-256 of that SQL in hex. */
export type MigrationFile = {
  readonly number: number
  readonly file: string
  readonly sql: string
  readonly checksum: string
}

const NAME = /^(\d{4})_[a-z0-9_]+\.sql$/

/**
 * Reads every `NNNN_name.sql` of a folder, in order.
 * Throws MigrationError for another name, a number used twice or left out, and on I/O errors as the file system does.
 */
export async function readMigrations(folder: string): Promise<MigrationFile[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.sql')).sort()
  const migrations: MigrationFile[] = []
  for (const file of names) {
    const number = Number(NAME.exec(file)?.[1] ?? Number.NaN)
    const expected = migrations.length + 1
    if (Number.isNaN(number)) throw new MigrationError('migration_name', file)
    if (number < expected) throw new MigrationError('migration_number_duplicate', file)
    if (number > expected) throw new MigrationError('migration_number_gap', file)
    const sql = await readFile(join(folder, file), 'utf8')
    const checksum = createHash('sha256').update(sql).digest('hex')
    migrations.push({ number, file, sql, checksum })
  }
  return migrations
}
