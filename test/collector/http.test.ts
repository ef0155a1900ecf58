import { once } from 'node:events'
import { connect } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import type { Health } from '../../collector/health.ts'
import { type RunningHttp, startHttp } from '../../collector/http.ts'
import { Metrics } from '../../collector/metrics.ts'

const TOKEN = 'the-admin-token-of-tests'
const GOOD: Health = { state: 'standby', lease: null, reasons: [], status: null }
let running: RunningHttp | null = null

afterEach(async () => {
  await running?.close()
  running = null
})

/** Starts the server; answers how to GET from it. */
async function serve(health: Health = GOOD, adminToken: string | null = TOKEN) {
  const metrics = new Metrics()
  const http = await startHttp({
    port: 0,
    host: '127.0.0.1',
    adminToken,
    health: () => health,
    metrics: () => metrics.text(),
  })
  running = http
  return async (path: string, token?: string, method = 'GET') => {
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` }
    const response = await fetch(`http://127.0.0.1:${http.port}${path}`, { method, headers })
    return { status: response.status, text: await response.text() }
  }
}

test('everybody may ask whether it is healthy, and hears nothing else', async () => {
  const get = await serve()
  expect(await get('/healthz')).toEqual({ status: 200, text: '{"status":"healthy"}\n' })
  expect(await get('/healthz?x=1', 'a wrong token')).toEqual({
    status: 200,
    text: '{"status":"healthy"}\n',
  })
})

test('an unhealthy collector answers 503, and tells the reasons to whoever has the token', async () => {
  const health: Health = { ...GOOD, state: 'recording', lease: 'lost', reasons: ['lease_lost'] }
  const get = await serve(health)
  expect(await get('/healthz')).toEqual({ status: 503, text: '{"status":"unhealthy"}\n' })
  const told = await get('/healthz', TOKEN)
  expect(told.status).toBe(503)
  expect(JSON.parse(told.text)).toEqual({
    status: 'unhealthy',
    state: 'recording',
    lease: 'lost',
    reasons: ['lease_lost'],
    collector: null,
  })
})

test('metrics are for whoever has the token, and are nowhere without one', async () => {
  const get = await serve()
  expect((await get('/metrics')).status).toBe(401)
  expect((await get('/metrics', `${TOKEN}x`)).status).toBe(401)
  const told = await get('/metrics', TOKEN)
  expect(told.status).toBe(200)
  expect(told.text).toContain('# TYPE kalshibook_gaps_total counter')
  await running?.close()
  const closed = await serve(GOOD, null)
  expect((await closed('/metrics', TOKEN)).status).toBe(404)
})

test('other paths and methods are refused', async () => {
  const get = await serve()
  expect((await get('/')).status).toBe(404)
  expect((await get('/healthz', TOKEN, 'POST')).status).toBe(405)
  expect(await get('/healthz', undefined, 'HEAD')).toEqual({ status: 200, text: '' })
})

test('what is no HTTP ends its own connection alone', async () => {
  const get = await serve()
  const socket = connect(running?.port ?? 0, '127.0.0.1')
  socket.on('error', () => {})
  socket.write('\u0000 nonsense\r\n\r\n')
  socket.resume()
  await once(socket, 'close')
  expect((await get('/healthz')).status).toBe(200)
})
