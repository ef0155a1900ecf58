import postgres, { type Sql } from 'postgres'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { migrate } from '../../migrations/migrate.ts'
import { emptyDatabase } from '../database.ts'
import { openStore, type Store } from '../store/fixture.ts'

let store: Store
let relations: string[]

beforeAll(async () => {
  store = await openStore()
  await store.collector`select kb.make_book_partitions(1795000000000000, 2)`
  await store.collector`select kb.make_segment_partitions(1795000000000000, 2)`
  await store.collector`select kb.make_trade_partitions(1795000000000000, 2)`
  const rows = await store.owner`
    select c.oid::regclass::text as name from pg_class c
    where c.relnamespace = 'kb'::regnamespace and c.relkind in ('r', 'p', 'v', 'm', 'f')
    order by 1`
  relations = rows.map((row) => row['name'])
})

afterAll(() => store.stop())

/** Runs as a role; the privileges of a session that set its role are those of the role alone. */
async function as<Result>(role: string, work: (sql: Sql) => Promise<Result>): Promise<Result> {
  const reserved = await store.owner.reserve()
  try {
    await reserved.unsafe(`set role ${role}`)
    return await work(reserved)
  } finally {
    await reserved.unsafe('reset role')
    reserved.release()
  }
}

const outcome = (query: Promise<unknown>) =>
  query.then(
    () => 'allowed',
    (error: { code: string }) => error.code,
  )

const DENIED = '42501' // insufficient_privilege

async function readableBy(role: string): Promise<string[]> {
  return as(role, async (sql) => {
    const readable: string[] = []
    for (const relation of relations) {
      const found = await outcome(sql.unsafe(`select * from ${relation} limit 1`))
      if (found !== DENIED) readable.push(relation)
    }
    return readable
  })
}

async function writableBy(role: string): Promise<string[]> {
  const rows = await store.owner`
    select c.oid::regclass::text as name from pg_class c
    where c.relnamespace = 'kb'::regnamespace and c.relkind in ('r', 'p')
      and has_table_privilege(${role}, c.oid, 'insert, update, delete, truncate, references, trigger, maintain')
    order by 1`
  return rows.map((row) => row['name'])
}

/** What the Worker's schedule tells of the feed and of all markets together. */
const STATUS = ['kb.coverage_days', 'kb.feed_minutes', 'kb.gap_days']
const MARKET_DATA = [
  'kb.book_deltas',
  'kb.book_gaps',
  'kb.book_segments',
  'kb.candle_quotes',
  'kb.coverage_days',
  'kb.epochs',
  'kb.events',
  'kb.feed_minutes',
  'kb.gap_days',
  'kb.lease',
  'kb.lifecycle',
  'kb.log_begins',
  'kb.market_search',
  'kb.markets',
  'kb.quotes_before',
  'kb.retention',
  'kb.sealed_logs',
  'kb.series',
  'kb.settlements',
  'kb.trade_holes',
  'kb.trades',
]
const NOT_COLLECTED = ['kb.market_search', 'kb.quotes_before', 'kb.retention', ...STATUS]
const COLLECTED = [...MARKET_DATA, 'kb.proof_of_life', 'kb.seal_failures', 'kb.set_aside']
  .filter((name) => !NOT_COLLECTED.includes(name))
  .sort()

test('row-level security is on for every relation of kb, partitions included', async () => {
  expect(relations.filter((name) => name.startsWith('kb.book_deltas_')).length).toBe(3)
  expect(relations.filter((name) => name.startsWith('kb.book_segments_')).length).toBe(3)
  expect(relations.filter((name) => name.startsWith('kb.trades_')).length).toBe(3)
  expect(relations.filter((name) => name.startsWith('kb.candle_quotes_')).length).toBe(3)
  const rows = await store.owner`
    select c.oid::regclass::text as name from pg_class c
    where c.relnamespace = 'kb'::regnamespace and c.relkind in ('r', 'p') and not c.relrowsecurity`
  expect(rows.map((row) => row['name'])).toEqual([])
  const views = await store.owner`
    select from pg_class where relnamespace = 'kb'::regnamespace and relkind in ('v', 'm', 'f')`
  expect(views.length).toBe(0)
})

test('the collector reads and writes market data alone, never a partition by its own name', async () => {
  expect(await readableBy('kb_collector')).toEqual([...COLLECTED, 'kb.retention'].sort())
  expect(await writableBy('kb_collector')).toEqual(COLLECTED)
})

test('the reader reads market data and the lease, and writes nothing', async () => {
  expect(await readableBy('kb_reader')).toEqual(MARKET_DATA)
  expect(await writableBy('kb_reader')).toEqual([])
})

const ACCOUNTS = [
  'kb.account_audit',
  'kb.account_deletions',
  'kb.accounts',
  'kb.api_keys',
  'kb.billing_checkouts',
  'kb.billing_customers',
  'kb.billing_holds',
  'kb.billing_refunds',
  'kb.billing_wishes',
  'kb.credit_grants',
  'kb.free_claims',
  'kb.gate_journal',
  'kb.gate_openings',
  'kb.meter_reports',
  'kb.new_accounts',
  'kb.people_tries',
  'kb.plan_changes',
  'kb.projections',
  'kb.reconciliations',
  'kb.stripe_events',
  'kb.usage_hours',
  'kb.usage_totals',
]

test('the account role reads and writes what belongs to accounts and to the status, and sees no market data', async () => {
  const own = [...ACCOUNTS, ...STATUS].sort()
  expect(await readableBy('kb_account')).toEqual(own)
  expect(await writableBy('kb_account')).toEqual(own)
})

/** What may leave: a change of plan that is taken back, what has been told, and what was dealt with long ago. */
const DELETED = [
  'kb.feed_minutes',
  'kb.free_claims',
  'kb.gap_days',
  'kb.new_accounts',
  'kb.people_tries',
  'kb.plan_changes',
  'kb.projections',
  'kb.stripe_events',
]

test('nobody deletes what is kept, and neither the log nor the audit is ever updated', async () => {
  const rows = await store.owner`
    select relation, role from unnest(${relations}::text[]) relation,
      unnest(array['kb_collector', 'kb_reader', 'kb_account']) role
    where has_table_privilege(role, relation::regclass, 'truncate')
      or (has_table_privilege(role, relation::regclass, 'delete')
        and not (role = 'kb_account' and relation = any(${DELETED}::text[])))
      or (relation ~ '^kb.(book_deltas|trades|account_audit|credit_grants)' and has_table_privilege(role, relation::regclass, 'update'))`
  expect([...rows]).toEqual([])
})

test('a stranger sees nothing of kb: no relation, no function, not the schema', async () => {
  await store.owner`create role stranger`
  expect(await readableBy('stranger')).toEqual([])
  expect(await writableBy('stranger')).toEqual([])
  await as('stranger', async (sql) => {
    expect(await outcome(sql`select kb.make_book_partitions(0, 1)`)).toBe(DENIED)
    expect(await outcome(sql`select kb.make_trade_partitions(0, 1)`)).toBe(DENIED)
    expect(await outcome(sql`select kb.drop_oldest_day('trades', 30)`)).toBe(DENIED)
    expect(await outcome(sql`select nextval('kb.markets_id_seq')`)).toBe(DENIED)
  })
})

test('the collector may call what makes and drops partitions, it and the reader what finds segments, the account role what tells of accounts, nobody else anything', async () => {
  const rows = await store.owner`
    select p.proname, r.rolname from pg_proc p, pg_roles r
    where p.pronamespace = 'kb'::regnamespace and has_function_privilege(r.oid, p.oid, 'execute')
      and not r.rolsuper`
  expect(rows.map((row) => `${row['rolname']} ${row['proname']}`).sort()).toEqual([
    'kb_account account_changed',
    'kb_account account_standing',
    'kb_account close_account',
    'kb_account make_account',
    'kb_account pass_gate',
    'kb_account plan_at',
    'kb_collector default_book_hours',
    'kb_collector default_segment_days',
    'kb_collector drop_book_partition',
    'kb_collector drop_oldest_day',
    'kb_collector is_over',
    'kb_collector kept_from',
    'kb_collector make_book_partitions',
    'kb_collector make_segment_partitions',
    'kb_collector make_trade_partitions',
    'kb_collector oldest_record_us',
    'kb_collector segment_at',
    'kb_reader is_over',
    'kb_reader kept_from',
    'kb_reader log_begin',
    'kb_reader oldest_record_us',
    'kb_reader past_book',
    'kb_reader past_books',
    'kb_reader quote_before',
    'kb_reader search_markets',
    'kb_reader search_query',
    'kb_reader search_text',
    'kb_reader segment_after',
    'kb_reader segment_at',
    'kb_reader segment_for',
    'kb_reader segment_of_seq',
    'kb_reader segments_back',
    'kb_reader segments_forth',
    'kb_reader segments_from',
    'kb_reader segments_reaching',
  ])
})

test('a stranger who was let into the schema and onto a partition still sees no row of it', async () => {
  await store.owner`create role intruder`
  await store.owner`grant usage on schema kb to intruder`
  const [partition = ''] = relations.filter((name) => /book_deltas_\d/.test(name))
  await store.owner.unsafe(`grant select on ${partition} to intruder`)
  await store.owner.unsafe(`insert into ${partition} (market_id, seq, recv_us, kind, reason)
    values (1, 1, 1795000000000000, 3, 'settled')`)
  const rows = await as('intruder', (sql) => sql.unsafe(`select * from ${partition}`))
  expect(rows.length).toBe(0)
  await store.owner.unsafe(`delete from ${partition}`)
})

test('the roles are no superusers, do not bypass row-level security, and have statement timeouts', async () => {
  const rows = await store.owner`
    select rolname, rolcanlogin, rolsuper, rolbypassrls, rolcreaterole, rolcreatedb from pg_roles
    where rolname like 'kb\\_%' order by 1`
  for (const { rolname: _, ...attributes } of rows) {
    expect(attributes).toEqual({
      rolcanlogin: true,
      rolsuper: false,
      rolbypassrls: false,
      rolcreaterole: false,
      rolcreatedb: false,
    })
  }
  const timeout = async (sql: Sql) => (await sql`show statement_timeout`)[0]?.['statement_timeout']
  expect(await timeout(store.collector)).toBe('30s')
  expect(await timeout(store.reader)).toBe('2s')
  expect(await timeout(store.account)).toBe('5s')
})

test('where the web roles exist and default privileges favour them, they still get nothing', async () => {
  const cluster = await emptyDatabase()
  const owner = postgres(cluster.ownerUrl, { max: 2, onnotice: () => {} })
  try {
    await owner.unsafe(`create role anon; create role authenticated;
      create role service_role bypassrls;
      alter default privileges grant all on tables to anon, authenticated, service_role;
      alter default privileges grant all on functions to anon, authenticated, service_role;
      alter default privileges grant all on sequences to anon, authenticated, service_role;`)
    await migrate(cluster.ownerUrl)
    await owner`select kb.make_book_partitions(1795000000000000, 1)`
    await owner`select kb.make_trade_partitions(1795000000000000, 1)`
    const tables = await owner`
      select c.oid::regclass::text as name, r.rolname from pg_class c, pg_roles r
      where c.relnamespace = 'kb'::regnamespace and c.relkind in ('r', 'p')
        and r.rolname in ('anon', 'authenticated', 'service_role')
        and has_table_privilege(r.oid, c.oid, 'select, insert, update, delete, truncate')`
    expect([...tables]).toEqual([])
    const rest = await owner`
      select p.proname as name from pg_proc p
      where p.pronamespace = 'kb'::regnamespace and has_function_privilege('anon', p.oid, 'execute')
      union all select 'kb' where has_schema_privilege('service_role', 'kb', 'usage')
      union all select s.relname from (
        select relname, oid from pg_class
        where relnamespace = 'kb'::regnamespace and relkind = 'S' offset 0) s
      where has_sequence_privilege('service_role', s.oid, 'usage, select, update')`
    expect([...rest]).toEqual([])
  } finally {
    await owner.end()
    await cluster.stop()
  }
})
