import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { seqOf } from '#core/log'
import { watchMarket } from '../../client/example.ts'
import { epoch, levels, us } from '../core/arbitraries.ts'
import { until } from '../until.ts'
import { StreamHost } from './stream-host.ts'
import { StreamServer } from './stream-server.ts'

const M = 'KXA-26NOV22-T1.5'

test('the README shows the example that is here, and it does what it says', async () => {
  const readme = await readFile(new URL('../../client/README.md', import.meta.url), 'utf8')
  const example = await readFile(new URL('../../client/example.ts', import.meta.url), 'utf8')
  expect(/```ts\n([\s\S]*?)```/.exec(readme)?.[1]).toBe(example)
  const server = new StreamServer([M])
  const stamp = { seq: seqOf(epoch(8), 0), recv: us(1), event: null }
  const ladders = { yes: levels([420_000, 500]), no: levels([560_000, 700]) }
  server.publish(M, [{ kind: 'snapshot', ...stamp, reason: 'first', ...ladders }])
  const host = new StreamHost(server)
  await host.start()
  const lines: string[] = []
  const ended = watchMarket(host.url, 'kb_live_of_a_test', M, (line) => lines.push(line))
  await until('it is current', () => lines.includes('current'))
  const after = { seq: seqOf(epoch(8), 1), recv: us(2), event: null }
  server.publish(M, [{ kind: 'end', ...after, reason: 'settled' }])
  await ended
  expect(lines).toEqual([
    'bid 0.4200 × 5.00, ask 0.4400 × 7.00',
    'current',
    'the log is over: settled',
  ])
  await host.stop()
})
