import { env } from 'cloudflare:workers'
import type { Admission, SpendAsk } from '#core/admission'
import type { Account } from '../../worker/account/account.ts'

/**
 * The real Account objects, whose word reaches nobody before so many have asked; then those who are admitted go on a few at a
 * time, as each needs a connection to Postgres of its own.
 */
export function gatheredAccounts(asking: number, atOnce: number): DurableObjectNamespace<Account> {
  const all = Promise.withResolvers<void>()
  const waiting: (() => void)[] = []
  let asked = 0
  let free = atOnce
  const turn = async () => {
    if (free === 0) await new Promise<void>((resolve) => waiting.push(resolve))
    else free -= 1
  }
  const done = () => {
    const next = waiting.shift()
    if (next === undefined) free += 1
    else next()
  }
  const getByName = (name: string) => {
    const real = env.ACCOUNT.getByName(name)
    return {
      spend: async (ask: SpendAsk): Promise<Admission> => {
        const word = (await real.spend(ask)) as Admission
        asked += 1
        if (asked === asking) all.resolve()
        await all.promise
        if (word.ok) await turn()
        return word
      },
      settle: async (requestId: string, credits: number, failed: boolean) => {
        done()
        await real.settle(requestId, credits, failed)
      },
    }
  }
  return { getByName } as unknown as DurableObjectNamespace<Account>
}
