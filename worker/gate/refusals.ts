import type { Context } from 'hono'
import { blockedRecord, blockedRecordName } from '#core/key-record'
import { type Refusal, RefusedAccounts } from '#core/refused-accounts'
import type { App } from '../context.ts'
import type { Env } from '../env.ts'
import { perEnv } from '../per-env.ts'
import { type Admitted, rateOf } from './admitted.ts'
import type { Caller } from './caller.ts'

/** The least that KV takes, s: a block lives for ten at most, and is written anew while it lasts. */
const KEPT_S = 30

const memoryOf = perEnv(() => new RefusedAccounts())

/** Whether a caller's account was refused a moment ago: its word is waited for before its work begins. */
export function isDoubted(env: Env, { accountId }: Caller): boolean {
  return memoryOf(env).isDoubted(accountId, Date.now())
}

/** The refusal of a caller whose account floods us, which is not asked then; null for any other. */
export function blockOf(env: Env, { accountId }: Caller): Admitted | null {
  const now = Date.now()
  const block = memoryOf(env).blocked(accountId, now)
  if (block === null) return null
  const { rate, left, untilMs, code } = block
  const message = 'this account was refused too often; wait as long as it is told'
  const error = { code, message, retryAfterMs: untilMs - now }
  return { ok: false, error, rate: rateOf({ rate }), left }
}

/**
 * Notes that an account refused a request. Only such an account is looked up, now and then and after the answer, whether it is
 * blocked: others never cost a read of KV.
 */
export function noteRefusal(c: Context<App>, { accountId }: Caller, refusal: Refusal): void {
  const memory = memoryOf(c.env)
  if (!memory.refused(accountId, refusal, Date.now())) return
  c.executionCtx.waitUntil(lookUp(c.env, memory, accountId))
}

async function lookUp(env: Env, memory: RefusedAccounts, accountId: string): Promise<void> {
  try {
    const text = await env.KEYS.get(blockedRecordName(accountId), { cacheTtl: KEPT_S })
    const record = text === null ? null : blockedRecord.safeParse(JSON.parse(text))
    const block = record?.success ? { untilMs: record.data.until_ms, code: record.data.code } : null
    memory.found(accountId, block)
  } catch {
    // Nobody is blocked by what cannot be read: the account itself goes on refusing.
  }
}
