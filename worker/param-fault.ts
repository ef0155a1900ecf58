import type { ApiError } from '#core/api-error'

/** The part of a zod issue that a caller is told of. */
type Issue = {
  readonly code?: string | undefined
  readonly message: string
  readonly path: readonly PropertyKey[]
  readonly keys?: readonly string[]
}

/** Says which parameter is wrong and what would be right. */
export function paramFault(issues: readonly Issue[]): ApiError {
  const [issue] = issues
  const code = 'invalid_param'
  if (issue === undefined) return { code, message: 'a parameter is wrong' }
  const [unknown] = issue.code === 'unrecognized_keys' ? (issue.keys ?? []) : []
  if (unknown !== undefined) {
    return { code, param: unknown.slice(0, 64), message: 'is not a parameter of this address' }
  }
  return { code, param: String(issue.path[0] ?? ''), message: issue.message }
}
