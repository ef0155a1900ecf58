import type { OpenAPIHono } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { type Micros, printInstant } from '#core/instant'
import { visitorsOf } from '#core/visitor-standing'
import { answerData } from '../answer.ts'
import { clientAddress } from '../client-address.ts'
import type { App } from '../context.ts'
import { settingsOf } from '../env.ts'
import { askAccount, settleAccount } from '../gate/ask-account.ts'
import { showcaseOf } from '../keys/showcase.ts'
import {
  makeVisitorKey,
  VISITOR_KEY_MS,
  visitorCaller,
  visitorPrefix,
} from '../keys/visitor-key.ts'
import { only } from '../middleware/only.ts'
import { refuse } from '../refuse.ts'

const PATH = '/visitor-keys'
/** Keys of a prefix are limited by what they cost of its day. */
const KEY_CREDITS = 1

/** `POST /visitor-keys`: a key of ten minutes for whoever wants to look around. */
export function addVisitorKeys(app: OpenAPIHono<App>): void {
  app.use(PATH, only('POST'))
  app.post(PATH, async (c) => {
    if (isOfAnotherSite(c)) return refuse(c, OUR_PAGES)
    const prefix = visitorPrefix(clientAddress(c))
    const { keyId, rev } = visitorCaller(prefix)
    const requestId = c.get('requestId')
    const word = await askAccount(c.env, visitorsOf(prefix), {
      requestId,
      keyId,
      rev,
      route: PATH,
      credits: KEY_CREDITS,
      counts: true,
    })
    if (word === 'overloaded') {
      return refuse(c, { code: 'rate_limited', message: 'too many keys are made at this address' })
    }
    if (word === 'unreachable') return refuse(c, NOT_NOW)
    if (!word.ok) return refuse(c, word)
    const expiresMs = Date.now() + VISITOR_KEY_MS
    const markets = await showcaseOf(c)
    const key = await makeVisitorKey(c.env, prefix, expiresMs)
    const credits = key === null ? 0 : KEY_CREDITS
    const settlement = { requestId, credits, failed: key === null }
    c.executionCtx.waitUntil(settleAccount(c.env, visitorsOf(prefix), settlement))
    if (key === null) return refuse(c, NOT_NOW)
    const expires_ts = printInstant((Math.floor(expiresMs / 1000) * 1e6) as Micros)
    return answerData(c, { key, expires_ts, markets }, { caching: 'none', credits: 0 })
  })
}

/** Whether another site's page has the browser ask: it can read no key, but would use up what the network may spend. */
function isOfAnotherSite(c: Context<App>): boolean {
  const origin = c.req.header('Origin')
  const ours = [settingsOf(c.env).PUBLIC_URL || c.req.url, c.req.url]
  return origin !== undefined && !ours.some((url) => new URL(url).origin === origin)
}

const OUR_PAGES = {
  code: 'forbidden',
  param: 'Origin',
  message: 'keys for visitors are given to our own pages, and to programs',
} as const
const NOT_NOW = { code: 'upstream_degraded', message: 'no visitor keys can be made now' } as const
