import type { Sql } from 'postgres'
import type { ApiError } from '#core/api-error'
import type { Micros } from '#core/instant'

/** What came of a change, or why it was not made: nothing was, then. */
export type Changed<Value> =
  | { readonly ok: true; readonly value: Value; readonly changed: boolean }
  | { readonly ok: false; readonly error: ApiError }

const CLOSED: ApiError = { code: 'forbidden', message: 'this account is closed' }

/**
 * Changes something of an account in one transaction, in which nobody else changes it, and notes that the object and the edge
 * must hear of it. Throws as Postgres does.
 */
export async function changeAccount<Value>(
  sql: Sql,
  accountId: string,
  nowUs: Micros,
  change: (tx: Sql) => Promise<Changed<Value>>,
): Promise<Changed<Value>> {
  const outcome = await sql.begin(async (transaction) => {
    const tx = transaction as unknown as Sql
    const [account] = await tx`
      select closed_us from kb.accounts where id = ${accountId} for update`
    if (account === undefined || account['closed_us'] !== null) {
      return { ok: false, error: CLOSED } as const
    }
    const made = await change(tx)
    if (made.ok && made.changed) await tx`select kb.account_changed(${accountId}, ${nowUs})`
    return made
  })
  return outcome as Changed<Value>
}
