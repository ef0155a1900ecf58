/** The secret that signs is named by its number, so that another may follow it. */
const SECRET = '1'
const SHAPE = /^(kb_(test|page)_1([0-9a-z]{1,9})_([0-9a-f]{0,32})([0-9A-Za-z]{16}))_([\w-]{43})$/

/** A key that is kept nowhere: whoever signed it made it. Of a visitor, or of a page of an account. */
export type SignedKey = {
  readonly kind: 'test' | 'page'
  /** When it ends, s since 1970. */
  readonly expiresS: number
  /** 32 hex digits: the account's id without its hyphens; empty for a visitor. */
  readonly account: string
  /** What the signature is of, beside what it is bound to. */
  readonly unsigned: string
  /** HMAC-SHA-256 in base64url. */
  readonly signature: string
}

/**
 * What of a new key is to be signed.
 * @param account its id, a UUID; null for a visitor
 * @param nonce 16 random letters and digits, by which two keys of the same second differ
 */
export function unsignedKey(
  kind: SignedKey['kind'],
  expiresS: number,
  account: string | null,
  nonce: string,
): string {
  const whose = (account ?? '').replaceAll('-', '')
  return `kb_${kind}_${SECRET}${expiresS.toString(36)}_${whose}${nonce}`
}

/** Takes a signed key's text apart; null when it has not the form of one. */
export function readSignedKey(text: string): SignedKey | null {
  const [, unsigned, kind, expires = '', account = '', , signature] = SHAPE.exec(text) ?? []
  if (unsigned === undefined || signature === undefined) return null
  if (kind !== 'test' && kind !== 'page') return null
  if (account.length !== (kind === 'page' ? 32 : 0)) return null
  return { kind, expiresS: Number.parseInt(expires, 36), account, unsigned, signature }
}

/** An id with its hyphens. @param hex 32 hex digits */
export function uuidOf(hex: string): string {
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}
