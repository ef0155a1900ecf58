import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Child } from '../../local/child.ts'
import { freePort } from '../../local/free-port.ts'
import { until } from '../until.ts'

/** Each start bundles the Worker anew, on a machine that may have much else to do. */
const SLOW = { timeout: 90_000 }
const NOBODY = 'postgres://kb_reader:none@127.0.0.1:1/none'
let dir: string

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'kalshibook-worker-'))
})

afterAll(async () => {
  await rm(dir, { recursive: true, force: true })
})

function launch(port: number, more: Record<string, string> = {}): Child {
  return new Child({
    name: 'worker',
    program: 'local/worker-main.ts',
    logFile: join(dir, 'worker.log'),
    env: {
      HTTP_PORT: String(port),
      STATE_DIR: join(dir, 'state'),
      READER_DATABASE_URL: NOBODY,
      ACCOUNT_DATABASE_URL: NOBODY,
      FEED_ENV: 'test',
      FEED_SHARDS: '1',
      FEED_TOKEN: 'the-feed-token-of-tests',
      KEY_PEPPER_V1: 'the-pepper-of-these-tests',
      CURSOR_SECRET_V1: 'the-cursor-secret-of-tests',
      SESSION_SECRET_V1: 'the-session-secret-of-tests',
      ...more,
    },
  })
}

async function portHolder(): Promise<{ port: number; close(): Promise<void> }> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return {
    port: address.port,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  }
}

test(
  'the Worker says where it listens, answers there, is quiet, and stops when it is told to',
  SLOW,
  async () => {
    const child = launch(0)
    const { url } = await child.ready()
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
    const answer = await fetch(`${url}/v1/status`)
    expect(answer.status).toBe(200)
    expect(await answer.json()).toMatchObject({ data: { feed: 'down', record: null } })
    await child.stop()
    // By itself: one that takes too long is killed, which is no exit code.
    expect(await child.ended).toBe(0)
    await expect(fetch(`${url}/v1/status`)).rejects.toThrow()
    expect(await readFile(join(dir, 'worker.log'), 'utf8')).not.toContain('Request.cf')
  },
)

test('a port that is taken is said, and nothing is left running', SLOW, async () => {
  const holder = await portHolder()
  const child = launch(holder.port)
  await expect(child.ready()).rejects.toThrow(`port ${holder.port} is taken`)
  expect(await child.ended).toBe(1)
  await holder.close()
})

test('killed or left alone, also while it starts, it leaves no workerd behind', SLOW, async () => {
  const port = await freePort()
  const answers = () =>
    fetch(`http://127.0.0.1:${port}/v1/status`).then(
      () => true,
      () => false,
    )
  const killed = launch(port)
  await killed.ready()
  killed.kill('SIGKILL')
  await killed.ended
  await until('the port is free', async () => !(await answers()))
  const early = launch(port)
  await early.stop()
  expect(await early.ended).toBe(0)
  expect(await answers()).toBe(false)
})

test('a variable that is missing is named', SLOW, async () => {
  const child = launch(0, { HTTP_PORT: 'eighty' })
  await expect(child.ready()).rejects.toThrow('HTTP_PORT')
  expect(await child.ended).toBe(1)
})
