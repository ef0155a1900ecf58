import { setTimeout as sleep } from 'node:timers/promises'
import { logEvent } from './log-event.ts'
import { type Credentials, signatureHeaders } from './signature.ts'
import type { RestPriority, TokenBudget } from './token-budget.ts'

const BODY_BYTES = 32 * 1024 * 1024
const TIMEOUT_MS = 20_000
/** A 429 does not say when to come back. */
const BACKOFF_MS = [500, 1000, 2000, 4000, 8000, 15_000] as const

/** Thrown when the exchange's REST answer is of another shape, or it goes on refusing. */
export class KalshiRestError extends Error {
  readonly code = 'kalshi_rest'
  readonly retryable: boolean
  /** The HTTP status of the last answer, null when there was none. */
  readonly status: number | null
  /** The body of that answer when it was small JSON. */
  readonly body: unknown

  constructor(message: string, retryable: boolean, status: number | null = null, body?: unknown) {
    super(message)
    this.name = 'KalshiRestError'
    this.retryable = retryable
    this.status = status
    this.body = body
  }
}

type Tried =
  | { readonly kind: 'body'; readonly body: unknown }
  | {
      readonly kind: 'failed'
      readonly reason: string
      readonly retryable: boolean
      readonly status: number | null
      readonly body?: unknown
    }

/** Signed GETs of the exchange's REST, within its budget, tried again while that can help. */
export class KalshiHttp {
  readonly #base: string
  readonly #credentials: Credentials
  readonly #budget: TokenBudget
  readonly #closing = new AbortController()

  /** @param base the address that ends in `/trade-api/v2` */
  constructor(base: string, credentials: Credentials, budget: TokenBudget) {
    this.#base = base.replace(/\/$/, '')
    this.#credentials = credentials
    this.#budget = budget
  }

  /** Breaks off what is under way; whoever waits for an answer is thrown a KalshiRestError. */
  close(): void {
    this.#closing.abort(new KalshiRestError('closed', false))
  }

  /**
   * @param path below the base, with its query
   * @returns the answer's JSON
   * Throws KalshiRestError when tries are used up, and at once for an answer that another try cannot change.
   */
  async get(path: string, priority: RestPriority, tries: number = BACKOFF_MS.length + 1) {
    for (let failed = 1; ; failed++) {
      const answer = await this.#try(new URL(this.#base + path), priority)
      if (answer.kind === 'body') return answer.body
      const { reason, retryable, status, body } = answer
      if (status === 429) this.#budget.drain()
      const wait = BACKOFF_MS[failed - 1]
      if (wait === undefined || failed >= tries || !retryable) {
        throw new KalshiRestError(`${path.split('?')[0]}: ${reason}`, retryable, status, body)
      }
      logEvent('exchange_rest_retry', { reason, failed })
      await this.#rest(wait * (0.5 + Math.random() / 2))
    }
  }

  async #try(url: URL, priority: RestPriority): Promise<Tried> {
    await this.#budget.take(priority)
    const { signal } = this.#closing
    try {
      signal.throwIfAborted()
      const response = await fetch(url, {
        headers: signatureHeaders(this.#credentials, 'GET', url, Date.now()),
        redirect: 'error',
        signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
      })
      const { status } = response
      if (response.ok) return { kind: 'body', body: await boundedJson(response) }
      const retryable = status === 429 || status >= 500
      const body = await boundedJson(response).catch(() => undefined)
      return { kind: 'failed', reason: `answered ${status}`, retryable, status, body }
    } catch (error) {
      if (error instanceof KalshiRestError) throw error
      signal.throwIfAborted()
      const reason = error instanceof Error ? error.name : 'failed'
      return { kind: 'failed', reason, retryable: true, status: null }
    }
  }

  async #rest(ms: number): Promise<void> {
    const { signal } = this.#closing
    try {
      await sleep(ms, undefined, { signal })
    } catch {
      signal.throwIfAborted()
    }
  }
}

async function boundedJson(response: Response): Promise<unknown> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength
    if (bytes > BODY_BYTES) throw new KalshiRestError('body too large', false)
    chunks.push(chunk)
  }
  return JSON.parse(Buffer.concat(chunks).toString('utf8'))
}
