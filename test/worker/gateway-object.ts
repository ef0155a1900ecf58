import { runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { Gateway } from '../../worker/live/gateway.ts'
import { gatewayStub } from '../../worker/live/stubs.ts'
import { asOwner } from './store.ts'

/** The Gateway of the good key's account, which has more keys than any other. */
export async function gateway() {
  const [most] = await asOwner(
    (sql) => sql`select account_id from kb.api_keys group by 1 order by count(*) desc limit 1`,
  )
  return gatewayStub(env, String(most?.['account_id']))
}

/**
 * Makes the gateway begin anew with its sockets and its storage alone. An eviction waits for sockets between objects, which
 * never end in this runtime.
 */
export async function forget(): Promise<void> {
  await runInDurableObject(await gateway(), (before: Gateway, state) => {
    before.rest()
    const after = new Gateway(state, env)
    before.webSocketMessage = (socket, raw) => after.webSocketMessage(socket, raw)
    before.webSocketClose = (socket, code) => after.webSocketClose(socket, code)
    before.fetch = (request) => after.fetch(request)
    before.rest = () => after.rest()
  })
}

/** Sets what the first connection seems to have unsent, in bytes. */
export async function setUnsent(bytes: number): Promise<void> {
  await runInDurableObject(await gateway(), (_, state) => {
    const sockets = state.getWebSockets()
    const slow = sockets.find((socket) => Object.hasOwn(socket, 'bufferedAmount')) ?? sockets[0]
    Object.defineProperty(slow, 'bufferedAmount', { value: bytes, configurable: true })
  })
}
