import { constants, type KeyObject, verify } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import type { Clock } from './clock.ts'

/** Whether a request is who it says it is; `details` is what the exchange answers when it is not. */
export type Verdict = { ok: true } | { ok: false; details: string }

export type Verifier = (headers: IncomingHttpHeaders, method: string, path: string) => Verdict

const HEADERS = ['kalshi-access-key', 'kalshi-access-timestamp', 'kalshi-access-signature'] as const

/** @returns whether a request bears any of the three signature headers */
export function isSigned(headers: IncomingHttpHeaders): boolean {
  return HEADERS.some((name) => headers[name] !== undefined)
}

/**
 * Makes the check of one API key: RSA-PSS with SHA-256 and a salt of 32 bytes over
 * timestamp (ms) + method + path without its query, at most `toleranceMs` away from now.
 */
export function makeVerifier(
  keyId: string,
  publicKey: KeyObject,
  toleranceMs: number,
  now: Clock,
): Verifier {
  return (headers, method, path) => {
    const [key, timestamp, signature] = HEADERS.map((name) => headers[name])
    if (typeof key !== 'string' || typeof timestamp !== 'string' || typeof signature !== 'string') {
      return { ok: false, details: 'MISSING_HEADERS' }
    }
    if (key !== keyId) return { ok: false, details: 'NOT_FOUND' }
    if (!/^\d{1,15}$/.test(timestamp)) return { ok: false, details: 'INVALID_TIMESTAMP' }
    if (Math.abs(Number(timestamp) - now() / 1000) > toleranceMs) {
      return { ok: false, details: 'EXPIRED_TIMESTAMP' }
    }
    const isTrue = verify(
      'sha256',
      Buffer.from(`${timestamp}${method}${path}`),
      { key: publicKey, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 },
      Buffer.from(signature, 'base64'),
    )
    return isTrue ? { ok: true } : { ok: false, details: 'INCORRECT_API_KEY_SIGNATURE' }
  }
}
