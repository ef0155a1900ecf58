import { env } from 'cloudflare:workers'
import { Hono } from 'hono'
import { expect, test } from 'vitest'
import type { App } from '../../worker/context.ts'
import { requestId } from '../../worker/middleware/request-id.ts'
import { handOn, refusePlain } from '../../worker/upgrade.ts'

/** An address that hands on to an object which answers so, and what that object was asked. */
function address(answer: Response) {
  const asked: Request[] = []
  const target = {
    fetch: async (request: Request) => {
      asked.push(request)
      return answer
    },
  }
  const app = new Hono<App>()
  app.use('*', requestId)
  app.get('/', async (c) => refusePlain(c) ?? handOn(c, target, { 'x-kb-plan': 'pro' }))
  const open = (headers: Record<string, string>) =>
    app.fetch(new Request('https://kalshibook.test/', { headers }), env)
  return { open, asked }
}

test('an object that has too many already is told of as rate_limited, with when to come again', async () => {
  const full = new Response('this plan has 1 connection', {
    status: 429,
    headers: { 'Retry-After': '7' },
  })
  const answer = await address(full).open({ Upgrade: 'websocket' })
  expect(answer.status).toBe(429)
  expect(answer.headers.get('Retry-After')).toBe('7')
  expect(await answer.json()).toMatchObject({
    error: { code: 'rate_limited', message: 'this plan has 1 connection', retry_after_ms: 7000 },
  })
})

test('one that says no more is told of all the same', async () => {
  const answer = await address(new Response(null, { status: 429 })).open({ Upgrade: 'WebSocket' })
  expect(answer.headers.get('Retry-After')).toBe('1')
  expect(await answer.json()).toMatchObject({ error: { code: 'rate_limited' } })
})

test('the object is asked by a request made anew, with no header or address of the caller’s', async () => {
  const { open, asked } = address(new Response(null, { status: 429 }))
  await open({ Upgrade: 'websocket', 'x-kb-plan': 'scale', 'x-kb-gateway': 'a', Cookie: 'b' })
  expect(asked.map(({ url }) => url)).toEqual(['https://object/'])
  expect(asked.map(({ headers }) => [...headers])).toEqual([
    [
      ['upgrade', 'websocket'],
      ['x-kb-plan', 'pro'],
    ],
  ])
})

test('what asks for no websocket never reaches the object', async () => {
  const { open, asked } = address(new Response(null, { status: 429 }))
  for (const headers of [{}, { Upgrade: 'h2c' }, { Connection: 'upgrade' }]) {
    expect((await open(headers as Record<string, string>)).status).toBe(422)
  }
  expect(asked).toEqual([])
})
