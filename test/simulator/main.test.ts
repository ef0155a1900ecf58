import { type ChildProcess, fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { connect, type Door } from './connection.ts'
import { FIXTURE } from './fixture.ts'

const MAIN = fileURLToPath(new URL('../../simulator/main.ts', import.meta.url))

type Ready = Door & { type: string; restUrl: string }

async function textOf(stream: NodeJS.ReadableStream | null): Promise<string> {
  let text = ''
  for await (const chunk of stream ?? []) text += chunk
  return text
}

async function child(args: string[]): Promise<{ process: ChildProcess; ready: Ready }> {
  const started = fork(MAIN, args)
  const [ready] = await once(started, 'message')
  return { process: started, ready }
}

test('as a child it tells its parent where it is and which key it takes', async () => {
  const { process, ready } = await child(['--markets', '5', '--rate', '50'])
  expect(ready.type).toBe('ready')
  const client = await connect(ready)
  const answer = await fetch(`${ready.restUrl}/markets`)
  const { markets } = (await answer.json()) as { markets: { ticker: string }[] }
  expect(markets).toHaveLength(5)
  await client.subscribe(markets.map((each) => each.ticker))
  await client.nextOf('orderbook_delta')
  process.kill('SIGTERM')
  expect(await once(process, 'exit')).toEqual([0, null])
})

test('a child under load does what its parent asks, and says what it has cost', async () => {
  const { process, ready } = await child(['--load', '--markets', '30', '--rate', '0'])
  const ask = async (word: { type: string; rate?: number }) => {
    process.send(word)
    for (;;) {
      const [answer] = await once(process, 'message')
      if (answer.type === word.type) return answer
    }
  }
  const client = await connect(ready)
  const listed = await (await fetch(`${ready.restUrl}/markets`)).json()
  const tickers = (listed as { markets: { ticker: string }[] }).markets.map((each) => each.ticker)
  await client.subscribe(tickers)
  const before = await ask({ type: 'checksums' })
  expect(Object.keys(before.checksums).sort()).toEqual([...tickers].sort())
  await ask({ type: 'rate', rate: 20_000 })
  await client.nextOf('orderbook_delta')
  await ask({ type: 'pause' })
  const { changes, deltas, cpuUs, rss } = await ask({ type: 'usage' })
  expect(changes).toBeGreaterThan(0)
  expect(deltas).toBe(changes)
  expect(Math.min(cpuUs, rss)).toBeGreaterThan(0)
  expect((await ask({ type: 'checksums' })).checksums).not.toEqual(before.checksums)
  await ask({ type: 'start' })
  const closed = once(client.ws, 'close')
  expect(await ask({ type: 'cut' })).toEqual({ type: 'cut', cut: 1 })
  await closed
  process.kill('SIGTERM')
  expect(await once(process, 'exit')).toEqual([0, null])
})

test('it ends when its parent goes away', async () => {
  const { process } = await child(['--replay', FIXTURE])
  process.disconnect()
  expect(await once(process, 'exit')).toEqual([0, null])
})

test('alone it prints one line without the key, which goes to a file for its owner only', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'exchange-'))
  const keyFile = join(directory, 'key.pem')
  const alone = spawn('node', [MAIN, '--markets', '3', '--key-file', keyFile])
  const [line] = await once(alone.stdout, 'data')
  const ready: Ready = JSON.parse(String(line))
  expect(Object.keys(ready)).toEqual(['type', 'wsUrl', 'restUrl', 'keyId'])
  expect(statSync(keyFile).mode & 0o777).toBe(0o600)
  const privateKeyPem = readFileSync(keyFile, 'utf8')
  const client = await connect({ ...ready, privateKeyPem })
  await client.settled()
  alone.kill('SIGINT')
  expect(await once(alone, 'exit')).toEqual([0, null])
  rmSync(directory, { recursive: true })
})

test.each([
  [
    ['--rate', 'fast', '--markets', '0'],
    ['--rate', '--markets'],
  ],
  [['--colour', 'red'], ['--colour']],
  [['--replay', '/nowhere/at/all'], ['/nowhere/at/all']],
  [[], ['--key-file']],
])('a wrong command line (%j) ends with 1 and names every problem', async (args, named) => {
  const alone = spawn('node', [
    MAIN,
    ...args,
    ...(args.includes('--replay') ? ['--key-file', '/dev/null'] : []),
  ])
  const [text, [code]] = await Promise.all([textOf(alone.stderr), once(alone, 'exit')])
  expect(code).toBe(1)
  for (const each of named) expect(text).toContain(each)
})
