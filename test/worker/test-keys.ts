/** Keys of an account on plan pro; live, history and account have that one scope, the others live and history. */
export type TestKeys = {
  readonly good: string
  readonly revoked: string
  readonly expired: string
  readonly live: string
  readonly history: string
  readonly account: string
  /** Of another account on plan pro. */
  readonly other: string
  /** Of an account on plan free. */
  readonly free: string
}
