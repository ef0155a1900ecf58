/** What the limits of a project are set to; the real one's are set in its dashboard. */
export type AuthLimits = {
  /** Sign-ups, sign-ins and links asked for, by address; verifications; renewals: in 5 minutes. */
  readonly signIns: number
  readonly verifications: number
  readonly refreshes: number
  /** Mails that the whole project may send in an hour. */
  readonly mails: number
  /** Between two mails to one person, ms. */
  readonly mailEveryMs: number
}

/** What a project of Supabase's begins with. */
export const PROJECT_LIMITS: AuthLimits = {
  signIns: 30,
  verifications: 30,
  refreshes: 150,
  mails: 2,
  mailEveryMs: 60_000,
}

/** Buckets that fill at an even pace, by name. */
export class Buckets {
  readonly #taken = new Map<string, { level: number; atMs: number }>()

  /** Takes one of `most` that come back within `spanMs`; false when none is left. */
  take(name: string, most: number, spanMs: number, nowMs: number): boolean {
    const { level, atMs } = this.#taken.get(name) ?? { level: 0, atMs: nowMs }
    const passedMs = Math.max(0, nowMs - atMs)
    const left = Math.max(0, level - (passedMs * most) / spanMs)
    if (left + 1 > most) return false
    this.#taken.set(name, { level: left + 1, atMs: nowMs })
    return true
  }
}
