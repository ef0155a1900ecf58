import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, test } from 'vitest'
import { freePort } from '../../local/free-port.ts'
import { until } from '../until.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const dataDir = await mkdtemp(join(tmpdir(), 'kalshibook-start-'))
const children: ChildProcess[] = []
afterAll(async () => {
  for (const child of children) child.kill('SIGKILL')
  await rm(dataDir, { recursive: true, force: true })
})

/** `npm start -- …` as a person types it, in a process group of its own as a terminal has it. */
function npmStart(args: string[], env: Record<string, string> = {}) {
  const child = spawn('npm', ['start', '--silent', '--', ...args], {
    cwd: ROOT,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  })
  children.push(child)
  const said = { out: '', err: '' }
  child.stdout?.on('data', (chunk) => {
    said.out += String(chunk)
  })
  child.stderr?.on('data', (chunk) => {
    said.err += String(chunk)
  })
  const ended = once(child, 'exit').then(([code]) => code as number | null)
  const ctrlC = () => process.kill(-(child.pid ?? 0), 'SIGINT')
  return { said, ended, ctrlC }
}

type Event = { event: string; url?: string; key?: string }
const eventsOf = (out: string) =>
  out
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Event)

async function ready(said: { out: string; err: string }): Promise<{ url: string; key: string }> {
  await until('it is ready', () => said.out.includes('"ready"') || said.err !== '', 90_000)
  const { url, key } = eventsOf(said.out).find(({ event }) => event === 'ready') ?? {}
  if (url === undefined || key === undefined) throw new Error(`not ready: ${said.err}`)
  return { url, key }
}

test('npm start is ready to be called, and its record outlives a restart', async () => {
  const port = await freePort()
  const args = [
    '--json',
    '--port',
    String(port),
    '--data',
    dataDir,
    '--markets',
    '5',
    '--seed',
    '9',
  ]
  const first = npmStart(args)
  const { url, key } = await ready(first.said)
  expect(url).toBe(`http://127.0.0.1:${port}`)
  const get = (path: string, apiKey = key) =>
    fetch(url + path, { headers: { authorization: `Bearer ${apiKey}` } })
  const list = (await (await get('/v1/markets')).json()) as { data: { ticker: string }[] }
  expect(list.data).toHaveLength(5)
  const at = new Date().toISOString()
  const bookThen = async () => {
    const answer = await get(`/v1/markets/${list.data[0]?.ticker}/orderbook?at=${at}`)
    return ((await answer.json()) as { data: { seq: number; status: string } }).data
  }
  const before = await bookThen()
  expect(before.status).toBe('as_of')
  expect((await get('/v1/markets', `${key.slice(0, -1)}!`)).status).toBe(401)
  first.ctrlC()
  await first.ended
  await until(
    'nothing listens any more',
    () =>
      fetch(url).then(
        () => false,
        () => true,
      ),
    10_000,
  )

  const second = npmStart(args)
  expect((await ready(second.said)).key).toBe(key)
  expect(await bookThen()).toEqual(before)
  second.ctrlC()
  await second.ended
  await until('it says so', () => second.said.out.includes('"stopped"'), 10_000)
})

test('a wrong option or variable gets one message that names every problem, and exit 1', async () => {
  const { said, ended } = npmStart(
    ['--port', 'http', '--markets', '0', '--replay', '/no/such/file'],
    {
      KALSHI_WS_URL: 'ws://127.0.0.1:9/trade-api/ws/v2',
      DATABASE_URL: 'mysql://here',
      FEED_SHARDS: '0',
    },
  )
  expect(await ended).toBe(1)
  for (const name of ['--port', '--markets', '--replay', 'DATABASE_URL', 'FEED_SHARDS']) {
    expect(said.err).toContain(`${name}: `)
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

test('a taken port is said, and nothing is left running', async () => {
  const { createServer } = await import('node:net')
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = address !== null && typeof address === 'object' ? address.port : 0
  const { said, ended } = npmStart(['--port', String(port), '--data', dataDir])
  expect(await ended).toBe(1)
  expect(said.err).toContain(`port ${port} is taken`)
  server.close()
})
