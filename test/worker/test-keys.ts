/**
 * Keys of an account on plan pro whose own terms are wider than any test; good has every scope, live, history and account
 * that one, the others live and history.
 */
export type TestKeys = {
  readonly good: string
  readonly revoked: string
  readonly expired: string
  readonly live: string
  readonly history: string
  readonly account: string
  /** Of another account on plan pro, with the same terms. */
  readonly other: string
  /** Of an account on plan free. */
  readonly free: string
}
