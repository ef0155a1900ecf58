/** An answer that is not success, as Stripe words it. It is thrown, so that a request that is refused changes nothing more. */
export class Refusal extends Error {
  readonly status: number
  readonly type: string
  readonly code: string | null
  readonly param: string | null
  /** Whether it is kept under the request's idempotency key: only once the work had begun. */
  readonly kept: boolean

  constructor(
    message: string,
    more: { status?: number; type?: string; code?: string; param?: string; kept?: boolean } = {},
  ) {
    super(message)
    this.status = more.status ?? 400
    this.type = more.type ?? 'invalid_request_error'
    this.code = more.code ?? null
    this.param = more.param ?? null
    this.kept = more.kept ?? false
  }

  /** Its body. */
  body(): object {
    const { type, message, code, param } = this
    return { error: { type, message, ...(code && { code }), ...(param && { param }) } }
  }
}

/** There is no object of this id. @param param the parameter that names it; absent when the path does */
export function missing(what: string, id: string, param?: string): Refusal {
  return new Refusal(`No such ${what}: '${id}'`, {
    status: param === undefined ? 404 : 400,
    code: 'resource_missing',
    param: param ?? 'id',
  })
}

/** What is there under an id. Throws a Refusal when nothing is. */
export function found<Value>(
  all: ReadonlyMap<string, Value>,
  what: string,
  id: string,
  param?: string,
): Value {
  const one = all.get(id)
  if (one === undefined) throw missing(what, id, param)
  return one
}
