import { generateKeyPairSync } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { afterAll, expect, test } from 'vitest'
import { freePort } from '../../local/free-port.ts'
import { until } from '../until.ts'
import { askAgain } from './ask-again.ts'
import {
  eventsOf,
  installationFolder,
  nothingLeft,
  npmStart,
  ready,
  START_MS,
  sweep,
} from './npm-start.ts'

const dataDir = await installationFolder()
afterAll(sweep)

/** The calls of a text that are written as curl commands, as a shell takes them. */
function curlsOf(text: string): { url: string; headers: Record<string, string> }[] {
  return [...text.matchAll(/^\s*curl -H '([^':]+): ([^']+)' '([^']+)'$/gm)].map(
    ([, name = '', value = '', url = '']) => ({ url, headers: { [name]: value } }),
  )
}

test('npm start is ready to be called, and its record outlives a restart', async () => {
  const port = await freePort()
  const common = ['--port', String(port), '--data', dataDir, '--markets', '5', '--seed', '9']
  const first = npmStart(['--json', ...common])
  const { url, key } = await ready(first)
  expect(url).toBe(`http://127.0.0.1:${port}`)
  const get = (path: string, apiKey = key) =>
    fetch(url + path, { headers: { authorization: `Bearer ${apiKey}` } })
  const { mailbox = '', payments = '' } = eventsOf(first.said.out)[0] ?? {}
  expect(await (await fetch(mailbox)).text()).toContain('None yet.')
  expect((await fetch(`${payments}/v1/account`)).status).toBe(401)
  const list = (await (await get('/v1/markets')).json()) as { data: { ticker: string }[] }
  expect(list.data).toHaveLength(5)
  const at = new Date().toISOString()
  const bookThen = async () => {
    const path = `/v1/markets/${list.data[0]?.ticker}/orderbook?at=${at}`
    const answer = await askAgain(() => get(path))
    return ((await answer.json()) as { data: { seq: number; status: string } }).data
  }
  const before = await bookThen()
  expect(before.status).toBe('as_of')
  expect((await get('/v1/markets', `${key.slice(0, -1)}!`)).status).toBe(401)

  const other = ['--port', String(await freePort()), '--data', dataDir]
  for (const more of [[], ['--fresh']]) {
    const late = npmStart([...other, ...more])
    expect(await late.ended).toBe(1)
    expect(late.said.err).toMatch(/^KalshiBook cannot start:\n {2}\S+ is in use by process \d+: /)
  }
  expect(await bookThen()).toEqual(before)
  first.ctrlC()
  await first.ended
  await nothingLeft(first)
  for (const gone of [url, mailbox, payments]) await expect(fetch(gone)).rejects.toThrow()
  expect(eventsOf(first.said.out).at(-1)).toEqual({ event: 'stopped' })

  const second = npmStart(common)
  const { said } = second
  const told = () => curlsOf(said.out).length === 3 || said.err !== ''
  await until('it tells what to paste', told, START_MS)
  const curls = curlsOf(said.out)
  expect(said.out).toMatch(
    /^ {2}mail {2}http:\/\/127\.0\.0\.1:\d+\/ .*\n {2}money http:\/\/127\.0\.0\.1:\d+\/ /m,
  )
  expect(curls[0]).toEqual({
    url: `${url}/v1/markets?limit=1`,
    headers: { Authorization: `Bearer ${key}` },
  })
  const statuses = []
  for (const { url, headers } of curls) {
    const answer = await askAgain(() => fetch(url, { headers }))
    expect(answer.status).toBe(200)
    const { data } = (await answer.json()) as { data: { status?: string; bids?: unknown[] } }
    statuses.push(Array.isArray(data) ? `${data.length} market` : data.status)
  }
  expect(statuses).toEqual(['1 market', 'live', 'as_of'])
  expect(await bookThen()).toEqual(before)
  second.ctrlC()
  await second.ended
  expect(said.err).toBe('')
  await nothingLeft(second)
})

test('started fresh after its starter was killed, it waits for what is left to end, and forgets', async () => {
  const port = async () => ['--port', String(await freePort()), '--data', dataDir, '--json']
  const first = npmStart(await port())
  const { key } = await ready(first)
  first.kill()
  const second = npmStart([...(await port()), '--fresh'])
  expect((await ready(second)).key).not.toBe(key)
  second.ctrlC()
  await second.ended
  for (const each of [first, second]) await nothingLeft(each)
})

test('a wrong option or variable gets one message that names every problem, and exit 1', async () => {
  const wrong = {
    KALSHI_WS_URL: 'nonsense',
    KALSHI_PRIVATE_KEY_FILE: '/no/such/file',
    DATABASE_URL: 'mysql://here',
    FEED_SHARDS: '0',
    RECORD_BATCH: 'abc',
    WATERMARK_EVERY_MS: '9999',
    FEED_SILENT_MS: 'long',
    SUPABASE_URL: 'nonsense',
  }
  const args = ['--port', 'http', '--markets', '0', '--replay', '/no/such/file']
  const { said, ended } = npmStart(args, wrong)
  expect(await ended).toBe(1)
  const missing = ['KALSHI_REST_URL', 'KALSHI_KEY_ID', 'SUPABASE_SECRET_KEY']
  for (const name of ['--port', '--markets', '--replay', ...Object.keys(wrong), ...missing]) {
    expect(said.err.split(`  ${name}: `)).toHaveLength(2)
  }
  expect(said.out).toBe('')
})

test('an exchange without its key is refused before anything starts', async () => {
  const { said, ended } = npmStart(['--data', dataDir], { KALSHI_WS_URL: 'wss://example.invalid' })
  expect(await ended).toBe(1)
  for (const name of ['KALSHI_REST_URL', 'KALSHI_KEY_ID', 'KALSHI_PRIVATE_KEY']) {
    expect(said.err).toContain(name)
  }
})

test('an exchange that cannot be reached is said, and nothing is left running', async () => {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const nobody = await freePort()
  const start = npmStart(['--port', String(await freePort()), '--data', dataDir], {
    KALSHI_WS_URL: `ws://127.0.0.1:${nobody}/trade-api/ws/v2`,
    KALSHI_REST_URL: `http://127.0.0.1:${nobody}/trade-api/v2`,
    KALSHI_KEY_ID: 'nobody',
    KALSHI_PRIVATE_KEY: String(privateKey.export({ type: 'pkcs8', format: 'pem' })),
  })
  expect(await start.ended).toBe(1)
  expect(start.said.err).toContain(`cannot be reached at 127.0.0.1:${nobody} (ECONNREFUSED)`)
  await nothingLeft(start)
})

test('a taken port is said, and nothing is left running', async () => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = address !== null && typeof address === 'object' ? address.port : 0
  const start = npmStart(['--port', String(port), '--data', dataDir])
  expect(await start.ended).toBe(1)
  expect(start.said.err).toContain(`port ${port} is taken`)
  await nothingLeft(start)
  server.close()
})
