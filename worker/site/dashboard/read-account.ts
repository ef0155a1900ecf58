import type { Context } from 'hono'
import type { AccountLimits, OpenStream, UsageRow } from '#core/account-word'
import type { Micros } from '#core/instant'
import { chartBegin } from '#core/usage-chart'
import type { App } from '../../context.ts'
import { DatabaseAwayError } from '../../database.ts'
import { askAccountOf } from '../../gate/account-object.ts'
import { readUsage } from '../../gate/read-usage.ts'

/** How an account stands; each part null while nobody can tell. */
export type AccountNow = {
  readonly limits: AccountLimits | null
  readonly streams: readonly OpenStream[] | null
  /** Of the last thirty days, today among them. */
  readonly usage: readonly UsageRow[] | null
}

/** Reads how an account stands; what is away now keeps nothing else. */
export async function readAccount(
  c: Context<App>,
  accountId: string,
  nowUs: Micros,
): Promise<AccountNow> {
  const range = { fromUs: chartBegin('month', nowUs) as Micros, toUs: (nowUs + 1) as Micros }
  const [limits, streams, usage] = await Promise.all([
    askAccountOf(c, accountId, async (stub): Promise<AccountLimits> => stub.limits()),
    askAccountOf(c, accountId, async (stub): Promise<readonly OpenStream[]> => stub.streams()),
    readUsage(c, accountId, range).catch((error: unknown) => {
      if (error instanceof DatabaseAwayError) return null
      throw error
    }),
  ])
  return { limits, streams, usage }
}
