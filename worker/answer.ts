import type { Context } from 'hono'
import { CACHE_CONTROL, type Caching, sameTag } from '#core/caching'
import type { App } from './context.ts'
import { printBase64Url } from './hmac.ts'

const VARY = 'Authorization, X-API-Key, Accept, Accept-Encoding'
const JSON_TYPE = 'application/json; charset=UTF-8'

/** How an answer may be kept, and what it costs. */
export type Terms = { readonly caching: Caching; readonly credits: number }

/** Answers with one object; 304, which costs nothing, when the caller has this very `data` already. */
export function answerData(c: Context<App>, data: unknown, terms: Terms): Promise<Response> {
  const meta = { request_id: c.get('requestId'), credits: terms.credits }
  return answerJson(c, JSON.stringify(data), { meta }, terms)
}

/**
 * Answers with `data`, printed already, and what belongs beside it.
 * @param rest fields of the envelope; for the ETag its `next_cursor` and the holes that `meta` tells of count
 */
export async function answerJson(
  c: Context<App>,
  data: string,
  rest: {
    readonly next_cursor?: string | null
    readonly meta: { readonly credits: number; readonly holes?: unknown }
  },
  { caching, credits }: Terms,
): Promise<Response> {
  setTerms(c, { caching, credits })
  if (caching !== 'none') {
    const holes = JSON.stringify(rest.meta.holes ?? [])
    const etag = await tagOf(`${rest.next_cursor ?? ''} ${holes} ${data}`)
    c.header('ETag', etag)
    if (sameTag(c.req.header('If-None-Match'), etag)) {
      c.header('X-Credits-Cost', '0')
      return c.body(null, 304)
    }
  }
  return c.body(`{"data":${data},${JSON.stringify(rest).slice(1)}`, 200, {
    'Content-Type': JSON_TYPE,
  })
}

/** Sets the headers that say how an answer may be kept and what it cost; a stream knows that only at its end. */
export function setTerms(
  c: Context<App>,
  { caching, credits }: { readonly caching: Caching; readonly credits: number | null },
): void {
  c.header('Cache-Control', CACHE_CONTROL[caching])
  c.header('Vary', VARY)
  c.header('X-Credits-Cost', credits === null ? undefined : String(credits))
}

/** The entity tag of a text, by its digest. */
export async function tagOf(text: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))
  return `"${printBase64Url(new Uint8Array(digest).subarray(0, 18))}"`
}
