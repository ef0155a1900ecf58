import type { Context, MiddlewareHandler } from 'hono'
import { matchedRoutes } from 'hono/route'
import { hasCost, isPriced, mostCredits, type Priced, reservedCredits } from '#core/route-cost'
import type { App } from '../context.ts'
import { formatOf, JSON_TYPE } from '../format.ts'
import { accountHeaders } from '../gate/account-headers.ts'
import type { Admitted } from '../gate/admitted.ts'
import { Meter } from '../gate/meter.ts'
import { isDoubted } from '../gate/refusals.ts'
import { refuse } from '../refuse.ts'
import { isUpgrade } from '../upgrade.ts'

/** What a refused request may have been answered with meanwhile. */
const OF_AN_ANSWER = ['ETag', 'Vary', 'X-Holes', 'Content-Encoding']

/**
 * Spends what a request costs: reserves beside its work, and settles when its status is decided. What its account does not
 * admit is thrown away.
 */
export const meter: MiddlewareHandler<App> = async (c, next) => {
  const caller = c.get('caller')
  // The status: nobody is known there.
  if (caller === undefined) return next()
  const priced = pricedOf(c)
  const route = priced.route ?? 'other'
  const dryRun = isPriced(priced.route) && takeDryRun(c)
  c.set('dryRun', dryRun)
  c.set('mostCredits', dryRun ? mostCredits(priced) : null)
  const spending = new Meter(c, caller, route, dryRun ? 0 : reservedCredits(priced))
  c.set('meter', spending)
  // What opens or makes something is not begun before it is admitted.
  if (c.req.method !== 'GET' || isUpgrade(c) || isDoubted(c.env, caller)) {
    const word = await spending.admitted()
    if (!word.ok) return turnAway(c, word)
  }
  await next()
  const word = await spending.admitted()
  if (!word.ok) {
    c.res = undefined
    // Hono writes headers to an answer that is there: this one is gone.
    c.finalized = false
    c.res = turnAway(c, word)
    return
  }
  settle(c, spending, word)
}

/** Settles an answer, and says on it what it cost and how the account stands. */
function settle(c: Context<App>, spending: Meter, word: Admitted): void {
  const { status, headers } = c.res
  if (status === 101) {
    // Its headers were told when it was handed on.
    spending.settle(0, status)
    return
  }
  const streams = spending.streams
  const failed = status >= 400
  const cost = failed || status === 304 ? 0 : Number(headers.get('X-Credits-Cost') ?? 0)
  const { left } = spending
  const now = left === null || streams ? null : left + spending.reserved - cost
  for (const [name, value] of accountHeaders(word, now)) headers.set(name, value)
  if (!streams) spending.settle(cost, status)
}

/** Answers that the account does not admit it. */
function turnAway(c: Context<App>, word: Extract<Admitted, { ok: false }>): Response {
  for (const name of OF_AN_ANSWER) c.header(name, undefined)
  for (const [name, value] of accountHeaders(word, word.left)) c.header(name, value)
  c.header('Cache-Control', 'private, no-store')
  c.header('X-Credits-Cost', '0')
  return refuse(c, word.error)
}

function pricedOf(c: Context<App>): Priced {
  const described = matchedRoutes(c).map(({ path }) => path.replace(/:(\w+)/g, '{$1}'))
  return {
    route: described.findLast(hasCost) ?? null,
    tickers: c.req.query('tickers'),
    limit: c.req.query('limit'),
    streamed: formatOf(c) !== JSON_TYPE,
  }
}

/** Whether only the cost is asked for; the parameter itself is taken out, as no route knows it. */
function takeDryRun(c: Context<App>): boolean {
  const given = c.req.queries('dry_run') ?? []
  if (given.length !== 1 || given[0] !== '1') return false
  const url = new URL(c.req.url)
  url.searchParams.delete('dry_run')
  c.req.raw = new Request(url, c.req.raw)
  return true
}
