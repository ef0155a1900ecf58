import { forgetPageKey, pageKey } from './page-key.ts'

/** What the API answered to this page. */
export type ApiAnswer = {
  readonly status: number
  readonly headers: Headers
  /** The body as it came, for showing; parsed by who knows what to expect. */
  readonly text: string
  /** Why it was refused; null when it was not. */
  readonly error: {
    readonly code: string
    readonly message: string
    readonly param?: string
  } | null
}

/**
 * Calls the API by the page's own key, once more with a new one when the first is over.
 * @param path with its query, `/v1/…`
 */
export async function callApi(path: string, signal?: AbortSignal): Promise<ApiAnswer> {
  const made = await pageKey()
  if (!made.ok) return unanswered(made)
  const first = await callOnce(path, made.key.key, signal)
  if (first.status !== 401) return first
  forgetPageKey(made.key.key)
  const other = await pageKey()
  return other.ok ? callOnce(path, other.key.key, signal) : unanswered(other)
}

async function callOnce(path: string, key: string, signal?: AbortSignal): Promise<ApiAnswer> {
  const headers = { authorization: `Bearer ${key}` }
  const init = signal === undefined ? { headers } : { headers, signal }
  try {
    const answer = await fetch(path, init)
    // An answer that breaks off is none.
    const text = await answer.text()
    const error = answer.ok ? null : errorIn(text)
    return { status: answer.status, headers: answer.headers, text, error }
  } catch (error) {
    if (signal?.aborted) throw error
    return unanswered({ code: 'unreachable', message: 'KalshiBook cannot be reached now' })
  }
}

function unanswered(error: ApiAnswer['error']): ApiAnswer {
  return { status: 0, headers: new Headers(), text: '', error }
}

function errorIn(text: string): ApiAnswer['error'] {
  try {
    return (JSON.parse(text) as { readonly error: ApiAnswer['error'] }).error
  } catch {
    return { code: 'unreachable', message: 'the answer cannot be read' }
  }
}
