const text = new TextEncoder()

/** HMAC-SHA-256 of a text under a secret, both taken as UTF-8. */
export async function hmac(secret: string, message: string): Promise<Uint8Array> {
  const key = keys.get(secret) ?? (await importKey(secret))
  return new Uint8Array(await crypto.subtle.sign('HMAC', key, text.encode(message)))
}

/** The few secrets that there are, made ready once. */
const keys = new Map<string, CryptoKey>()

async function importKey(secret: string): Promise<CryptoKey> {
  const algorithm = { name: 'HMAC', hash: 'SHA-256' }
  const key = await crypto.subtle.importKey('raw', text.encode(secret), algorithm, false, ['sign'])
  keys.set(secret, key)
  return key
}

/** Whether two texts are the same, in a time that tells nothing of where they differ. */
export async function sameSecret(a: string, b: string): Promise<boolean> {
  const digest = (value: string) => crypto.subtle.digest('SHA-256', text.encode(value))
  const [left, right] = await Promise.all([digest(a), digest(b)])
  return crypto.subtle.timingSafeEqual(left, right)
}

/** Prints bytes in lower-case hexadecimal digits. */
export function printHex(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('')
}

/** Prints bytes as base64url without padding. */
export function printBase64Url(bytes: Uint8Array): string {
  const base64 = btoa(String.fromCharCode(...bytes))
  return base64.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
}
