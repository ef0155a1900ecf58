import type { Sql } from 'postgres'
import type { Micros } from '#core/instant'
import { withAccounts } from '../account/account-database.ts'
import type { Env } from '../env.ts'
import { audit } from '../store/account-audit.ts'

/** So many changes of plan a run: on the first of a month there are many. */
const MOST = 500
/** Of this job alone. */
const LOCK = 4_615_060_001
/** A change that nobody took note of for so long is left to the nightly sweep, µs. */
const LOOK_BACK_US = 40 * 86_400_000_000

/**
 * Takes note of changes of plan that were agreed for later and are in force now: each is written down once, and the object
 * and the edge are told. The object itself knew of them, and needs no telling. Throws DatabaseAwayError.
 */
export function noteDuePlans(env: Env, nowUs: Micros): Promise<void> {
  return withAccounts(env, async (sql) => {
    await sql.begin((transaction) => noteDue(transaction as unknown as Sql, nowUs))
  })
}

async function noteDue(tx: Sql, nowUs: Micros): Promise<void> {
  // Of two runs at once, one does it.
  const [lock] = await tx`select pg_try_advisory_xact_lock(${LOCK}) as held`
  if (lock?.['held'] !== true) return
  const due = await tx`
    select c.account_id, c.plan, c.source from kb.plan_changes c
    where c.from_us > c.made_us and c.from_us <= ${nowUs} and c.from_us > ${nowUs - LOOK_BACK_US}
      and not exists (
        select from kb.account_audit a where a.account_id = c.account_id and a.what = 'plan_began'
          and a.detail->>'source' = c.source)
    order by c.account_id, c.from_us limit ${MOST}`
  for (const row of due) {
    const accountId = row['account_id'] as string
    const detail = { plan: row['plan'] as string, source: row['source'] as string }
    await audit(tx, { accountId, atUs: nowUs, actor: 'schedule', what: 'plan_began', detail })
    await tx`select kb.account_changed(${accountId}, ${nowUs})`
  }
}
