import type { Context } from 'hono'
import { sameTag } from '#core/caching'
import { tagOf } from './answer.ts'
import type { App } from './context.ts'
import { type Env, settingsOf } from './env.ts'

/** It changes with a deploy alone. */
const CACHE_CONTROL = 'public, max-age=3600'

/**
 * A way to answer with a document of ours, which anybody may keep for an hour. It is made once, with its ETag: it is the same
 * until the next deploy.
 * @param describe makes it, from the address of the API ('' when it is not known)
 */
export function documentAnswer(describe: (publicUrl: string) => unknown) {
  const printed = new WeakMap<Env, { readonly text: string; readonly etag: string }>()
  const print = async (env: Env) => {
    const text = JSON.stringify(describe(settingsOf(env).PUBLIC_URL))
    const made = { text, etag: await tagOf(text) }
    printed.set(env, made)
    return made
  }
  return async (c: Context<App>) => {
    const { text, etag } = printed.get(c.env) ?? (await print(c.env))
    c.header('Cache-Control', CACHE_CONTROL)
    c.header('ETag', etag)
    if (sameTag(c.req.header('If-None-Match'), etag)) return c.body(null, 304)
    return c.body(text, 200, { 'Content-Type': 'application/json; charset=UTF-8' })
  }
}
