import { once } from 'node:events'
import { createServer } from 'node:net'
import { expect, test } from 'vitest'
import { freePort } from '../../local/free-port.ts'
import { reachExchange } from '../../local/reach-exchange.ts'

test('an exchange that listens is reached; one that does not is named with both of its addresses', async () => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = address !== null && typeof address === 'object' ? address.port : 0
  const at = (port: number) => ({
    KALSHI_WS_URL: `ws://127.0.0.1:${port}/trade-api/ws/v2`,
    KALSHI_REST_URL: `http://127.0.0.1:${port}/trade-api/v2`,
  })
  await reachExchange(at(port))
  server.close()
  const nobody = await freePort()
  const failed = await reachExchange(at(nobody)).catch((error: Error) => error.message)
  for (const name of ['KALSHI_WS_URL', 'KALSHI_REST_URL']) {
    expect(failed).toContain(
      `${name}: the exchange cannot be reached at 127.0.0.1:${nobody} (ECONNREFUSED)`,
    )
  }
})
