import type { Micros } from './instant.ts'

/** Whether a key opens anything. */
export type KeyState = 'active' | 'expired' | 'revoked'

/** Whether a key opens anything at an instant. */
export function keyStateAt(
  {
    expiresUs,
    revokedUs,
  }: { readonly expiresUs: Micros | null; readonly revokedUs: Micros | null },
  now: Micros,
): KeyState {
  if (revokedUs !== null) return 'revoked'
  return expiresUs !== null && expiresUs <= now ? 'expired' : 'active'
}

/** When a key that is replaced ends: after the overlap, or when it would have ended anyway. */
export function endOfReplaced(expiresUs: Micros | null, overlapHours: number, now: Micros): Micros {
  const end = (now + overlapHours * 3_600_000_000) as Micros
  return expiresUs === null || end < expiresUs ? end : expiresUs
}
