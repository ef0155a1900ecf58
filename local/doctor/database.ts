import { fileURLToPath } from 'node:url'
import postgres, { type Sql } from 'postgres'
import { readMigrations } from '../../migrations/migration-file.ts'
import { type Finding, ok, reasonOf, skipped, wrong } from './finding.ts'
import type { Variables } from './variables.ts'

const MIGRATIONS = fileURLToPath(new URL('../../migrations/', import.meta.url))
const LEAST_VERSION = 170_000
const CONNECT_S = 10
/** A watermark that is so much behind (s) is of a record that stands still. */
const LATE_S = 10
const LOGINS = [
  ['COLLECTOR_DATABASE_URL', 'kb_collector'],
  ['READER_DATABASE_URL', 'kb_reader'],
  ['ACCOUNT_DATABASE_URL', 'kb_account'],
] as const

/** Looks at Postgres: its version, its schema, its three roles, and whether somebody records. */
export async function checkDatabase(given: Variables): Promise<Finding[]> {
  const owner = given['DATABASE_URL']
  const asOwner =
    owner === undefined
      ? [skipped('Postgres', 'DATABASE_URL, the owner’s address, is not set')]
      : await asked('Postgres', owner, ownerFindings)
  const logins = await Promise.all(
    LOGINS.map(([name, role]) => {
      const url = given[name]
      if (url === undefined)
        return [skipped(name, `is not set: whether ${role} can connect is not known`)]
      return asked(name, url, (sql) => loginFindings(sql, name, role, url))
    }),
  )
  return [...asOwner, ...logins.flat()]
}

async function asked(
  about: string,
  url: string,
  look: (sql: Sql) => Promise<Finding[]>,
): Promise<Finding[]> {
  const sql = postgres(url, { max: 1, connect_timeout: CONNECT_S, onnotice: () => {} })
  try {
    return await look(sql)
  } catch (error) {
    return [wrong(about, `cannot be asked: ${reasonOf(error)}`)]
  } finally {
    await sql.end({ timeout: 1 })
  }
}

async function ownerFindings(sql: Sql): Promise<Finding[]> {
  const [server] = await sql`select current_setting('server_version_num')::int as version`
  const version = Number(server?.['version'])
  const old =
    version < LEAST_VERSION
      ? [wrong('Postgres', 'is older than version 17')]
      : [ok('Postgres', 'is there')]
  const schema = await schemaFinding(sql)
  if (schema.state === 'wrong') return [...old, schema]
  return [...old, schema, await recordFinding(sql)]
}

async function schemaFinding(sql: Sql): Promise<Finding> {
  const files = await readMigrations(MIGRATIONS)
  const [ledger] = await sql`select to_regclass('kb.migrations') is not null as there`
  const done =
    ledger?.['there'] === true
      ? await sql`select number, checksum from kb.migrations order by number`
      : []
  const changed = done.some((row, i) => row['checksum'] !== files[i]?.checksum)
  if (changed)
    return wrong(
      'schema',
      'is of other migrations than these: deploy what it was made by, or a later one',
    )
  if (done.length < files.length) {
    const next = files[done.length]?.file
    return wrong(
      'schema',
      `lacks ${files.length - done.length} migrations, ${next} first: run migrations/migrate.ts`,
    )
  }
  return ok('schema', `is up to date (${files.at(-1)?.file})`)
}

async function recordFinding(sql: Sql): Promise<Finding> {
  const [lease] = await sql`
    select l.holder, l.released,
      extract(epoch from now())::float8 - e.recorded_through_us / 1e6 as late_s
    from kb.lease l left join kb.epochs e using (epoch)`
  if (lease === undefined) return wrong('record', 'no collector has ever recorded here')
  if (lease['released'] === true)
    return wrong('record', `${lease['holder']} gave the lease up, and nobody took it`)
  const late = Math.round(Number(lease['late_s']))
  if (late > LATE_S)
    return wrong('record', `${lease['holder']} has the lease, and stored nothing for ${late} s`)
  return ok('record', `${lease['holder']} records`)
}

async function loginFindings(
  sql: Sql,
  name: string,
  role: string,
  url: string,
): Promise<Finding[]> {
  const [who] = await sql`
    select current_user as role, rolsuper as super, pg_catalog.has_schema_privilege('kb', 'create') as makes
    from pg_catalog.pg_roles where rolname = current_user`
  if (who?.['role'] !== role) return [wrong(name, `connects as ${who?.['role']}, not as ${role}`)]
  if (who['super'] === true || who['makes'] === true)
    return [wrong(name, `${role} may do more than it should`)]
  const { hostname, searchParams } = new URL(url)
  const near = ['127.0.0.1', 'localhost', '[::1]'].includes(hostname)
  const safe = ['require', 'verify-full', 'verify-ca'].includes(searchParams.get('sslmode') ?? '')
  if (!near && !safe)
    return [wrong(name, 'goes over the network in the clear: add ?sslmode=verify-full')]
  return [ok(name, `connects as ${role}`)]
}
