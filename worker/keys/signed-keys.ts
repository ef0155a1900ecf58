import { readSignedKey, type SignedKey, unsignedKey } from '#core/signed-key'
import { hmac, printBase64Url, sameSecret } from '../hmac.ts'

const NONCE_BYTES = 8

/**
 * Makes a key that is kept nowhere.
 * @param bond what it is bound to beside what it says itself: an address prefix, or nothing
 */
export async function signKey(
  secret: string,
  kind: SignedKey['kind'],
  expiresMs: number,
  account: string | null,
  bond: string,
): Promise<string> {
  const nonce = [...crypto.getRandomValues(new Uint8Array(NONCE_BYTES))]
    .map((byte) => byte.toString(16).padStart(2, '0'))
    .join('')
  const unsigned = unsignedKey(kind, Math.floor(expiresMs / 1000), account, nonce)
  return `${unsigned}_${await signatureOf(secret, unsigned, bond)}`
}

/** What a key says that we signed for that bond and that has not ended; null for any other text. */
export async function verifyKey(
  secret: string,
  text: string,
  bond: string,
  nowMs: number,
): Promise<SignedKey | null> {
  const key = readSignedKey(text)
  if (key === null) return null
  const isOurs = await sameSecret(key.signature, await signatureOf(secret, key.unsigned, bond))
  return isOurs && key.expiresS * 1000 > nowMs ? key : null
}

/** The secret signs other things too: each names what it is. */
async function signatureOf(secret: string, unsigned: string, bond: string): Promise<string> {
  return printBase64Url(await hmac(secret, `key ${unsigned} ${bond}`))
}
