import { z } from 'zod'

/** Whose key it is, as the edge keeps it in KV under `key:{hash}`; written by the key service alone. */
export const keyRecord = z.object({
  v: z.literal(1),
  account: z.string(),
  key: z.string(),
  rev: z.int(),
  scopes: z.array(z.string()),
  plan: z.string(),
  expires_us: z.int().nullable(),
  revoked_us: z.int().nullable(),
})
export type KeyRecord = z.infer<typeof keyRecord>

/** Under which name the edge keeps a key. @param hash HMAC of its text, 64 hex digits */
export function keyRecordName(hash: string): string {
  return `key:${hash}`
}

/** Until when an account's requests are refused without asking it, kept under `blocked:{account}`. */
export const blockedRecord = z.object({
  v: z.literal(1),
  until_ms: z.int(),
  code: z.enum(['rate_limited', 'quota_exceeded', 'payment_required']),
})
export type BlockedRecord = z.infer<typeof blockedRecord>

/** Under which name the edge keeps that an account floods us. */
export function blockedRecordName(accountId: string): string {
  return `blocked:${accountId}`
}
