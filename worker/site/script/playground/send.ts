import type { Call } from '../../playground/call.ts'
import { forgetPageKey, pageKey } from '../page-key.ts'

/** An answer as it came. */
export type Sent = {
  /** 0 when nobody answered. */
  readonly status: number
  readonly headers: Headers
  readonly body: Blob
  /** Whether there was more than is taken. */
  readonly cut: boolean
  readonly tookMs: number
}

/** What went wrong, as the API says it. */
export type Refusal = {
  readonly code: string
  readonly message: string
  readonly param?: string
  readonly retry_after_ms?: number
}

/** More than a page shows or keeps of one answer, bytes. */
const MOST_BYTES = 32_000_000

const NOBODY = { code: 'unreachable', message: 'KalshiBook cannot be reached now.' }

/**
 * Sends a call by the page's key, once more with a new one when the first is over.
 * @param path of the call, or with more behind it
 * @param signal calls it off; then this throws
 */
export async function send(
  call: Call,
  path: string,
  signal: AbortSignal,
): Promise<Sent | { readonly refused: Refusal }> {
  if (call.operation.open) return once(call, path, signal, null)
  const made = await pageKey()
  if (!made.ok) return { refused: made }
  const first = await once(call, path, signal, made.key.key)
  if (!('status' in first) || first.status !== 401) return first
  forgetPageKey(made.key.key)
  const other = await pageKey()
  return other.ok ? once(call, path, signal, other.key.key) : { refused: other }
}

async function once(call: Call, path: string, signal: AbortSignal, key: string | null) {
  const headers = new Headers()
  if (key !== null) headers.set('authorization', `Bearer ${key}`)
  if (call.accept !== null) headers.set('accept', call.accept)
  if (call.body !== null) headers.set('content-type', 'application/json')
  const init = { method: call.method, headers, body: call.body, signal }
  const begun = performance.now()
  try {
    const answer = await fetch(path, init)
    const { body, cut } = await bounded(answer)
    const { status, headers: told } = answer
    return { status, headers: told, body, cut, tookMs: performance.now() - begun }
  } catch (error) {
    if (signal.aborted) throw error
    return { refused: NOBODY }
  }
}

/** Takes as much of a body as a page can hold, and lets the rest be. */
async function bounded(answer: Response): Promise<{ readonly body: Blob; readonly cut: boolean }> {
  const chunks: Uint8Array<ArrayBuffer>[] = []
  let taken = 0
  const type = answer.headers.get('content-type') ?? ''
  const reader = answer.body?.getReader()
  for (let next = await reader?.read(); next && !next.done; next = await reader?.read()) {
    chunks.push(next.value)
    taken += next.value.length
    if (taken < MOST_BYTES) continue
    await reader?.cancel()
    return { body: new Blob(chunks, { type }), cut: true }
  }
  return { body: new Blob(chunks, { type }), cut: false }
}

/** What a body that is a refusal says; null when it is none. */
export function refusalIn(text: string): Refusal | null {
  try {
    return (JSON.parse(text) as { readonly error?: Refusal }).error ?? null
  } catch {
    return null
  }
}
