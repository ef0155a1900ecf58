import { setTimeout as sleep } from 'node:timers/promises'
import type { z } from 'zod'
import { eventsPage, marketsPage, seriesList } from '#core/kalshi/rest'
import { logEvent } from './log-event.ts'
import { type Credentials, signatureHeaders } from './signature.ts'

const BODY_BYTES = 32 * 1024 * 1024
const TIMEOUT_MS = 20_000
/** The exchange's basic tier refills 20 reads a second; a 429 tells nothing about when to come back. */
const SPACING_MS = 60
const BACKOFF_MS = [500, 1000, 2000, 4000, 8000, 15_000] as const

/** Thrown when the exchange's REST answer is of another shape, or it goes on refusing. */
export class KalshiRestError extends Error {
  readonly code = 'kalshi_rest'
  readonly retryable: boolean

  constructor(message: string, retryable: boolean) {
    super(message)
    this.retryable = retryable
  }
}

/** Reads the exchange's lists, page by page, within its limits. */
export class KalshiRest {
  readonly #base: string
  readonly #credentials: Credentials
  #next = 0

  /** @param base the address that ends in `/trade-api/v2` */
  constructor(base: string, credentials: Credentials) {
    this.#base = base.replace(/\/$/, '')
    this.#credentials = credentials
  }

  /** All open markets but combos, as the exchange listed them. */
  openMarkets(): Promise<unknown[]> {
    return this.#pages('/markets', 'status=open&mve_filter=exclude&limit=1000', (body) => {
      const page = shaped(marketsPage, body)
      return { rows: page.markets, cursor: page.cursor }
    })
  }

  /** All events with an open market. */
  openEvents(): Promise<unknown[]> {
    return this.#pages('/events', 'status=open&limit=200', (body) => {
      const page = shaped(eventsPage, body)
      return { rows: page.events, cursor: page.cursor }
    })
  }

  /** All series. */
  async series(): Promise<unknown[]> {
    return shaped(seriesList, await this.#get('/series')).series
  }

  async #pages(
    path: string,
    query: string,
    read: (body: unknown) => { rows: unknown[]; cursor: string | null | undefined },
  ): Promise<unknown[]> {
    const rows: unknown[] = []
    const seen = new Set<string>()
    let cursor = ''
    do {
      const more = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`
      const page = read(await this.#get(`${path}?${query}${more}`))
      rows.push(...page.rows)
      cursor = page.cursor ?? ''
      // Lists are live: a cursor that comes again would turn for ever.
      if (seen.has(cursor)) break
      seen.add(cursor)
    } while (cursor !== '')
    return rows
  }

  async #get(path: string): Promise<unknown> {
    for (let failed = 0; ; failed++) {
      const answer = await this.#try(new URL(this.#base + path))
      if (answer.kind === 'body') return answer.body
      const wait = BACKOFF_MS[failed]
      if (wait === undefined || !answer.retryable) {
        throw new KalshiRestError(`${path.split('?')[0]}: ${answer.reason}`, answer.retryable)
      }
      logEvent('exchange_rest_retry', { reason: answer.reason })
      await sleep(wait * (0.5 + Math.random() / 2))
    }
  }

  async #try(
    url: URL,
  ): Promise<
    { kind: 'body'; body: unknown } | { kind: 'failed'; reason: string; retryable: boolean }
  > {
    await this.#space()
    try {
      const response = await fetch(url, {
        headers: signatureHeaders(this.#credentials, 'GET', url, Date.now()),
        redirect: 'error',
        signal: AbortSignal.timeout(TIMEOUT_MS),
      })
      if (!response.ok) {
        await response.body?.cancel()
        const retryable = response.status === 429 || response.status >= 500
        return { kind: 'failed', reason: `answered ${response.status}`, retryable }
      }
      return { kind: 'body', body: await boundedJson(response) }
    } catch (error) {
      if (error instanceof KalshiRestError) throw error
      return {
        kind: 'failed',
        reason: error instanceof Error ? error.name : 'failed',
        retryable: true,
      }
    }
  }

  async #space(): Promise<void> {
    const now = Date.now()
    this.#next = Math.max(now, this.#next + SPACING_MS)
    if (this.#next > now) await sleep(this.#next - now)
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

function shaped<Shape extends z.ZodType>(shape: Shape, body: unknown): z.output<Shape> {
  const result = shape.safeParse(body)
  if (result.success) return result.data
  throw new KalshiRestError('a list of another shape', false)
}
