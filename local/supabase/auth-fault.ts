/** A refusal, as Supabase Auth words it. https://supabase.com/docs/guides/auth/debugging/error-codes */
export type AuthFault = {
  readonly status: number
  readonly code: string
  readonly message: string
  /** Why a password is too weak. */
  readonly reasons?: readonly string[]
}

/** What a call is answered with: a fault, or a status and a body; null for none. */
export type AuthAnswer =
  | { readonly ok: true; readonly status: number; readonly body: unknown }
  | { readonly ok: false; readonly fault: AuthFault }

/** An answer of 200. */
export function answer(body: unknown): AuthAnswer {
  return { ok: true, status: 200, body }
}

/** An answer that refuses. */
export function refusal(status: number, code: string, message: string): AuthAnswer {
  return { ok: false, fault: { status, code, message } }
}
