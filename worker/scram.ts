const text = new TextEncoder()
const SHA256 = { name: 'HMAC', hash: 'SHA-256' } as const
/** What a password becomes by thousands of rounds is remembered: it is the same at every connection. */
const MOST_KEYS = 8
const salted = new Map<string, CryptoKey>()

export const MECHANISM = 'SCRAM-SHA-256'

/** One login by SCRAM-SHA-256 without channel binding: https://www.rfc-editor.org/rfc/rfc5802#section-3 */
export class Scram {
  readonly #nonce = base64(crypto.getRandomValues(new Uint8Array(18)))
  readonly #bare = `n=*,r=${this.#nonce}`
  #signature = ''

  /** What the client says first. */
  get first(): string {
    return `n,,${this.#bare}`
  }

  /** What it says to the server's first words; null when those cannot be right. */
  async proof(password: string, serverFirst: string): Promise<string | null> {
    const { r = '', s = '', i = '' } = attributes(serverFirst)
    if (!r.startsWith(this.#nonce) || s === '' || !/^\d{1,7}$/.test(i)) return null
    const final = `c=biws,r=${r}`
    const spoken = `${this.#bare},${serverFirst},${final}`
    const key = await saltedPassword(password, s, Number(i))
    const clientKey = await hmac(key, 'Client Key')
    const storedKey = new Uint8Array(await crypto.subtle.digest('SHA-256', clientKey))
    const clientSignature = await hmac(await hmacKey(storedKey), spoken)
    const serverKey = await hmac(key, 'Server Key')
    this.#signature = base64(await hmac(await hmacKey(serverKey), spoken))
    const proof = clientKey.map((byte, at) => byte ^ (clientSignature[at] ?? 0))
    return `${final},p=${base64(proof)}`
  }

  /** Whether the server's last words show that it knows the password too. */
  isServer(serverFinal: string): boolean {
    return this.#signature !== '' && attributes(serverFinal)['v'] === this.#signature
  }
}

function attributes(said: string): { readonly [Name in string]?: string } {
  return Object.fromEntries(said.split(',').map((part) => [part.slice(0, 1), part.slice(2)]))
}

async function saltedPassword(
  password: string,
  salt: string,
  iterations: number,
): Promise<CryptoKey> {
  const name = JSON.stringify([password, salt, iterations])
  const known = salted.get(name)
  if (known !== undefined) return known
  const made = await derive(password, salt, iterations)
  if (salted.size >= MOST_KEYS) salted.clear()
  salted.set(name, made)
  return made
}

async function derive(password: string, salt: string, iterations: number): Promise<CryptoKey> {
  const bytes = text.encode(password)
  const key = await crypto.subtle.importKey('raw', bytes, 'PBKDF2', false, ['deriveBits'])
  const way = { name: 'PBKDF2', hash: 'SHA-256', salt: fromBase64(salt), iterations }
  return hmacKey(new Uint8Array(await crypto.subtle.deriveBits(way, key, 256)))
}

function hmacKey(bytes: Uint8Array<ArrayBuffer>): Promise<CryptoKey> {
  return crypto.subtle.importKey('raw', bytes, SHA256, false, ['sign'])
}

async function hmac(key: CryptoKey, said: string): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await crypto.subtle.sign('HMAC', key, text.encode(said)))
}

function base64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
}

function fromBase64(said: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(said), (character) => character.charCodeAt(0))
}
