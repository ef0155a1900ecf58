/** What a key may be for: live books and streams; the record of the past; reading of its account. */
export const SCOPES = ['live', 'history', 'account'] as const
export type Scope = (typeof SCOPES)[number]

/** Whether a key of these scopes may do what any one of the needed ones allows. */
export function mayDo(scopes: readonly string[], needed: readonly Scope[]): boolean {
  return needed.some((scope) => scopes.includes(scope))
}
