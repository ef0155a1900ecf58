import type { Context } from 'hono'
import type { ApiErrorCode } from '#core/api-error'
import type { App } from '../context.ts'

/** What a route of ours answered to a page of ours. */
export type OwnAnswer =
  | { readonly ok: true; readonly status: number; readonly data: Readonly<Record<string, unknown>> }
  | { readonly ok: false; readonly status: number; readonly error: OwnError }

export type OwnError = {
  readonly code: ApiErrorCode
  readonly message: string
  /** The field at fault. */
  readonly param: string | null
  readonly retryAfterMs: number | null
  readonly requestId: string
}

/** Cookies that were set during a request: the next call of the same page sends them, as the browser would. */
const jars = new WeakMap<Request, Map<string, string>>()

/** What the browser said that the called route decides by. */
const PASSED = ['CF-Connecting-IP', 'Origin', 'User-Agent', 'Accept-Language']
const A_WORD = /^[\w-]{1,100}$/

/**
 * Calls a JSON route of ours on behalf of the browser whose page is made: with its cookies, address and origin. So pages
 * that work without JavaScript and scripts that call for themselves meet the same rules. The cookies that are answered go
 * on to the browser.
 * @param fields a body: the call is then a POST
 * @param csrf the session's word, as the form bore it
 */
export async function ownCall(
  c: Context<App>,
  path: string,
  fields?: Readonly<Record<string, unknown>>,
  csrf?: string | null,
): Promise<OwnAnswer> {
  const headers = new Headers()
  for (const name of PASSED) {
    const value = c.req.header(name)
    if (value !== undefined) headers.set(name, value)
  }
  const jar = jarOf(c.req.raw)
  headers.set('Cookie', [...jar].map(([name, value]) => `${name}=${value}`).join('; '))
  // What a form bears may be anything: not all of it can stand in a header.
  if (csrf && A_WORD.test(csrf)) headers.set('X-CSRF-Token', csrf)
  if (fields !== undefined) headers.set('Content-Type', 'application/json')
  const url = new URL(path, c.req.url)
  const body = fields === undefined ? null : JSON.stringify(fields)
  const answer = await c.get('askOwn')(
    new Request(url, { method: body === null ? 'GET' : 'POST', headers, body }),
  )
  for (const line of answer.headers.getSetCookie()) {
    const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
    if (value === '') jar.delete(name)
    else jar.set(name, value)
    c.header('Set-Cookie', line, { append: true })
  }
  return readAnswer(answer)
}

async function readAnswer(answer: Response): Promise<OwnAnswer> {
  const { status } = answer
  const body = (await answer.json()) as {
    readonly data?: unknown
    readonly error?: Omit<OwnError, 'param' | 'retryAfterMs' | 'requestId'> & {
      readonly param?: string
      readonly retry_after_ms?: number
    }
    readonly request_id?: string
  }
  if (body.error === undefined) {
    return { ok: true, status, data: Object(body.data) as Readonly<Record<string, unknown>> }
  }
  const { code, message, param = null, retry_after_ms: retryAfterMs = null } = body.error
  return {
    ok: false,
    status,
    error: { code, message, param, retryAfterMs, requestId: body.request_id ?? '' },
  }
}

function jarOf(request: Request): Map<string, string> {
  const known = jars.get(request)
  if (known !== undefined) return known
  const pairs = (request.headers.get('Cookie') ?? '').split('; ').filter((pair) => pair !== '')
  const jar = new Map(
    pairs.map((pair): [string, string] => {
      const at = pair.indexOf('=')
      return [pair.slice(0, at), pair.slice(at + 1)]
    }),
  )
  jars.set(request, jar)
  return jar
}
