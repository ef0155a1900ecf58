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
  const first = await callOnce(path, signal)
  if (first.status !== 401) return first
  forgetPageKey()
  return callOnce(path, signal)
}

async function callOnce(path: string, signal?: AbortSignal): Promise<ApiAnswer> {
  const made = await pageKey()
  if (!made.ok) return { status: 0, headers: new Headers(), text: '', error: made }
  const headers = { authorization: `Bearer ${made.key.key}` }
  const init = signal === undefined ? { headers } : { headers, signal }
  const answer = await fetch(path, init).catch((error: unknown) => {
    if (signal?.aborted) throw error
    return null
  })
  if (answer === null) {
    const error = { code: 'unreachable', message: 'KalshiBook cannot be reached now' }
    return { status: 0, headers: new Headers(), text: '', error }
  }
  const text = await answer.text()
  return {
    status: answer.status,
    headers: answer.headers,
    text,
    error: answer.ok ? null : errorIn(text),
  }
}

function errorIn(text: string): ApiAnswer['error'] {
  try {
    return (JSON.parse(text) as { readonly error: ApiAnswer['error'] }).error
  } catch {
    return { code: 'unreachable', message: 'the answer cannot be read' }
  }
}
