import type { ApiError } from '#core/api-error'

/** Who calls, as the edge knows it; the Account object's word is obeyed over it. */
export type Caller = {
  /** An account by a key or a ticket, or somebody who looks around. */
  readonly kind: 'account' | 'visitor'
  /** Of an account its id; of a visitor the name of his prefix's object. */
  readonly accountId: string
  readonly keyId: string
  /** Grows with every change of the key. */
  readonly rev: number
  readonly plan: string
  readonly scopes: readonly string[]
  /** The Account objects that a request spends from, the first of which says how the rate stands. */
  readonly spendsFrom: readonly [string, ...string[]]
}

/** Who calls, or why nobody does. */
export type Identified =
  | { readonly ok: true; readonly caller: Caller }
  | { readonly ok: false; readonly error: ApiError }

export const UNKNOWN_KEY: ApiError = {
  code: 'unauthorized',
  message: 'this API key is not known',
}
