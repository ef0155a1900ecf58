import { type Env, settingsOf } from '../env.ts'
import { hmac, printHex } from '../hmac.ts'

/** A key's hash, 64 hex digits, and the number of the pepper that it is under. */
export type KeyHash = { readonly version: number; readonly hash: string }

/**
 * The hash of a new key's text under the latest pepper; null while none is configured. Each row of kb.api_keys keeps the number
 * of its pepper: with a second one, the gate looks a key up by its hash under each, the latest first.
 */
export async function newKeyHash(env: Env, text: string): Promise<KeyHash | null> {
  const { KEY_PEPPER_V1 } = settingsOf(env)
  if (KEY_PEPPER_V1 === null) return null
  return { version: 1, hash: printHex(await hmac(KEY_PEPPER_V1, text)) }
}
