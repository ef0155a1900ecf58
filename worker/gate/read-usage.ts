import type { Context } from 'hono'
import type { AccountUsage, UsageRow } from '#core/account-word'
import type { Micros } from '#core/instant'
import { joinUsage } from '#core/usage-sums'
import { type App, readAccounts } from '../context.ts'
import { listUsage } from '../store/usage.ts'
import { askAccountOf } from './account-object.ts'

/** Rows by hour, key and route that are read at most. */
const MOST_ROWS = 200_000

type Range = { readonly fromUs: Micros; readonly toUs: Micros }

/**
 * What an account used in hours that begin in a range, `toUs` exclusive: of the ledger, and what its object holds; null while
 * that cannot be asked. Throws DatabaseAwayError.
 */
export async function readUsage(
  c: Context<App>,
  accountId: string,
  range: Range,
): Promise<readonly UsageRow[] | null> {
  // The object first: what it writes down meanwhile is read twice, and counted once.
  const held = await readHeld(c, accountId, range)
  if (held === null) return null
  const stored = await readAccounts(c, (sql) => listUsage(sql, accountId, range, MOST_ROWS))
  return joinUsage(stored, held)
}

async function readHeld(
  c: Context<App>,
  accountId: string,
  { fromUs, toUs }: Range,
): Promise<UsageRow[] | null> {
  const rows: UsageRow[] = []
  for (let from = fromUs; from < toUs && rows.length < MOST_ROWS; ) {
    const begin = from
    const part = await askAccountOf(
      c,
      accountId,
      async (stub): Promise<AccountUsage> => stub.usage(begin, toUs),
    )
    if (part === null) return null
    rows.push(...part.rows)
    if (part.throughUs <= begin) return rows
    from = part.throughUs
  }
  return rows
}
