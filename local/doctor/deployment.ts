import { z } from 'zod'
import { type Finding, ok, reasonOf, skipped, wrong } from './finding.ts'
import type { Variables } from './variables.ts'

const PATIENCE_MS = 10_000
const status = z.object({
  data: z.object({
    feed: z.string(),
    shards: z.array(z.unknown()),
    record: z.object({ watermark_lag_ms: z.number().nullable() }).nullable(),
  }),
})
/** What answers 503 while a part of it is not configured, and what to look at then. */
const PARTS = [
  ['GET', '/account/session', 'people', 'SUPABASE_*, SESSION_SECRET_V1, KEY_PEPPER_V1'],
  ['POST', '/stripe/webhook', 'payments', 'STRIPE_SECRET_KEY, STRIPE_WEBHOOK_SECRET'],
  ['POST', '/stripe/meter-events', 'meter errors', 'STRIPE_METER_WEBHOOK_SECRET'],
  ['GET', '/v1/markets?limit=1', 'keys', 'HYPERDRIVE_ACCOUNT, KEY_PEPPER_V1'],
] as const

/** Looks at the deployed Worker from outside: that it answers, is fed, and has what each part of it needs. */
export async function checkDeployment(given: Variables): Promise<Finding[]> {
  const url = given['PUBLIC_URL']?.replace(/\/$/, '')
  if (url === undefined) return [skipped('the Worker', 'PUBLIC_URL is not set')]
  try {
    const answer = await ask(`${url}/v1/status`, 'GET')
    const read = status.safeParse(await answer.json().catch(() => null))
    if (!read.success)
      return [wrong('the Worker', `${url} is answered ${answer.status}, and not by us`)]
    const { feed, shards, record } = read.data.data
    const parts = await Promise.all(PARTS.map((part) => partFinding(url, part)))
    return [
      ok('the Worker', `answers at ${url}`),
      shards.length === Number(given['FEED_SHARDS'])
        ? ok('shards', `${shards.length}, on both sides`)
        : wrong(
            'shards',
            `the Worker has ${shards.length}, FEED_SHARDS says ${given['FEED_SHARDS']}`,
          ),
      feed === 'healthy'
        ? ok('feed', 'healthy')
        : wrong('feed', `${feed}: see docs/operate.md, "The live side"`),
      record === null
        ? wrong('the record, by the Worker', 'cannot be read: HYPERDRIVE_READER')
        : ok('the record, by the Worker', `is ${record.watermark_lag_ms} ms behind`),
      ...parts,
    ]
  } catch (error) {
    return [wrong('the Worker', `${url} cannot be reached: ${reasonOf(error)}`)]
  }
}

async function partFinding(url: string, [method, path, about, needs]: (typeof PARTS)[number]) {
  const { status } = await ask(url + path, method)
  if (status >= 500) return wrong(about, `${path} answers ${status}: look at ${needs}`)
  return ok(about, `${path} answers ${status}, as it should to a stranger`)
}

function ask(url: string, method: string): Promise<Response> {
  return fetch(url, { method, redirect: 'manual', signal: AbortSignal.timeout(PATIENCE_MS) })
}
