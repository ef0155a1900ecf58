import { env } from 'cloudflare:workers'
import { expect } from 'vitest'
import { GATEWAY_HEADER, STREAM_HEADERS } from '../../worker/live/stream-headers.ts'
import { shardStub } from '../../worker/live/stubs.ts'
import { TestSocket } from './socket.ts'

/** Opens a socket to the shard as the Gateway of an account does. */
export async function openGateway(account: string, plan = 'pro'): Promise<TestSocket> {
  const headers = { Upgrade: 'websocket', [GATEWAY_HEADER]: account, [STREAM_HEADERS.plan]: plan }
  const request = new Request('https://object/', { headers })
  const { status, webSocket } = await shardStub(env, 0, 1).fetch(request)
  expect(status).toBe(101)
  if (webSocket === null) throw new Error('no websocket')
  return new TestSocket(webSocket)
}
