import { env } from 'cloudflare:workers'
import { Hono } from 'hono'
import { expect, test } from 'vitest'
import type { App } from '../../worker/context.ts'
import { requestId } from '../../worker/middleware/request-id.ts'
import { handOn, refusePlain } from '../../worker/upgrade.ts'

/** An address that hands on to an object, and what that object was asked. */
function address() {
  const asked: Request[] = []
  const target = {
    fetch: async (request: Request) => {
      asked.push(request)
      return new Response(null, { status: 101, webSocket: new WebSocketPair()[0] })
    },
  }
  const app = new Hono<App>()
  app.use('*', requestId)
  app.get('/', async (c) => refusePlain(c) ?? handOn(c, target, { 'x-kb-plan': 'pro' }))
  const open = (headers: Record<string, string>) =>
    app.fetch(new Request('https://kalshibook.test/', { headers }), env)
  return { open, asked }
}

test('the object is asked by a request made anew, with no header or address of the caller’s', async () => {
  const { open, asked } = address()
  const sent = { Upgrade: 'WebSocket', 'x-kb-plan': 'scale', 'x-kb-gateway': 'a', Cookie: 'b' }
  expect((await open(sent)).status).toBe(101)
  expect(asked.map(({ url }) => url)).toEqual(['https://object/'])
  expect(asked.map(({ headers }) => [...headers])).toEqual([
    [
      ['upgrade', 'websocket'],
      ['x-kb-plan', 'pro'],
    ],
  ])
})

test('what asks for no websocket never reaches the object', async () => {
  const { open, asked } = address()
  for (const headers of [{}, { Upgrade: 'h2c' }, { Connection: 'upgrade' }]) {
    expect((await open(headers as Record<string, string>)).status).toBe(422)
  }
  expect(asked).toEqual([])
})
