import type { Context } from 'hono'
import { sameTag } from '#core/caching'
import { tagOf } from '../answer.ts'
import type { App } from '../context.ts'

/** It changes with a deploy alone. */
const CACHE_CONTROL = 'public, max-age=3600'

/** Answers with a text of ours that everybody may keep for an hour; 304 when the caller has it. @param type its media type */
export async function answerText(c: Context<App>, type: string, text: string): Promise<Response> {
  const etag = await tagOf(text)
  c.header('Cache-Control', CACHE_CONTROL)
  c.header('ETag', etag)
  if (sameTag(c.req.header('If-None-Match'), etag)) return c.body(null, 304)
  return c.body(text, 200, { 'Content-Type': `${type}; charset=UTF-8` })
}
