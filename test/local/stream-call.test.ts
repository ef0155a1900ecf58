import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { streamCall } from '../../local/stream-call.ts'
import { StreamHost } from '../client/stream-host.ts'
import { StreamServer } from '../client/stream-server.ts'
import { until } from '../until.ts'

const A = 'KXA-26NOV22-T1.5'

test('the call that is told to be pasted follows a market, and says when it is over', async () => {
  const server = new StreamServer([A])
  const host = new StreamHost(server)
  await host.start()
  let said = ''
  const hear = (text: string) => {
    said += text
  }
  const cwd = fileURLToPath(new URL('../..', import.meta.url))
  const shell = execFile('sh', ['-c', streamCall(host.url, 'kb_live_1', A)], { cwd })
  shell.stdout?.on('data', hear)
  shell.stderr?.on('data', hear)
  await until('it is ready', () => said.includes('"type":"ready"'))
  expect(host.upgrades).toMatchObject([{ path: '/v1/stream', authorization: 'Bearer kb_live_1' }])
  expect(server.heard).toEqual([
    { op: 'subscribe', id: 1, channels: ['book', 'trade'], markets: [A] },
  ])
  // With its last words, which may come behind its exit.
  const ended = once(shell, 'close')
  host.cut(4004, 'the key was revoked')
  await ended
  expect(said).toContain('closed 4004 the key was revoked')
  await host.stop()
})
