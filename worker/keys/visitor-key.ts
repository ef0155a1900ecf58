import { addressPrefix } from '#core/address-prefix'
import { ALL_VISITORS, visitorsOf } from '#core/visitor-standing'
import { type Env, settingsOf } from '../env.ts'
import type { Caller, Identified } from '../gate/caller.ts'
import { signKey, verifyKey } from './signed-keys.ts'

/** A visitor key's life, ms. */
export const VISITOR_KEY_MS = 600_000
/** By this name visitors spend: they have no keys of their own. */
export const VISITOR_KEY_ID = 'visitor'

/** Makes a key for whoever looks around from a prefix; null while no secret is configured. */
export async function makeVisitorKey(
  env: Env,
  prefix: string,
  expiresMs: number,
): Promise<string | null> {
  const { SESSION_SECRET_V1 } = settingsOf(env)
  return SESSION_SECRET_V1 && signKey(SESSION_SECRET_V1, 'test', expiresMs, null, prefix)
}

/** Who calls with a visitor key from an address; forged ones, those that have ended, and those of another prefix are not known. */
export async function readVisitorKey(
  env: Env,
  text: string,
  address: string | null,
  nowMs: number,
): Promise<Identified> {
  const { SESSION_SECRET_V1 } = settingsOf(env)
  if (SESSION_SECRET_V1 === null) {
    const message = 'visitor keys cannot be checked now'
    return { ok: false, error: { code: 'upstream_degraded', message } }
  }
  const prefix = visitorPrefix(address)
  const key = await verifyKey(SESSION_SECRET_V1, text, prefix, nowMs)
  if (key?.kind !== 'test') {
    const message = 'this visitor key is not known, has ended, or was made at another address'
    return { ok: false, error: { code: 'unauthorized', message } }
  }
  return { ok: true, caller: visitorCaller(prefix) }
}

/** Who spends from a prefix. */
export function visitorCaller(prefix: string): Caller {
  const name = visitorsOf(prefix)
  return {
    kind: 'visitor',
    accountId: name,
    keyId: VISITOR_KEY_ID,
    rev: 0,
    plan: 'free',
    scopes: ['live', 'history'],
    spendsFrom: [name, ALL_VISITORS],
  }
}

/** The prefix that visitors of an address are counted with. @param address null where no platform tells it: on one machine */
export function visitorPrefix(address: string | null): string {
  return addressPrefix(address ?? '') ?? 'local'
}
