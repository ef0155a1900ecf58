import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { freePort } from '../../local/free-port.ts'
import { until } from '../until.ts'
import { eventsOf, installationFolder, nothingLeft, npmStart, sweep } from './npm-start.ts'

afterAll(sweep)

const has = async (file: string, text = '') =>
  existsSync(file) && (await readFile(file, 'utf8').catch(() => '')).includes(text)

test.each([
  ['it has just begun', 'running.pid', ''],
  ['Postgres is being made', 'postgres/cluster.new/PG_VERSION', ''],
  ['Postgres is being started', 'postgres/cluster/postmaster.pid', ''],
  ['the exchange is being started', 'log/exchange.log', ''],
  ['the Worker is being started', 'log/worker.log', ''],
  ['the collector is being started', 'log/collector.log', ''],
  ['the collector has begun', 'log/collector.log', 'epoch_opened'],
])('Ctrl-C while %s stops all of it within seconds', async (_moment, file, text) => {
  const dataDir = await installationFolder()
  const start = npmStart(['--json', '--port', String(await freePort()), '--data', dataDir])
  await until('the moment has come', () => has(join(dataDir, file), text), 60_000)
  start.ctrlC()
  const began = Date.now()
  await start.ended
  await nothingLeft(start)
  expect(Date.now() - began).toBeLessThan(8000)
  expect(start.said.err).toBe('')
  // Between our look and the signal it may have become ready.
  const told = eventsOf(start.said.out).map(({ event }) => event)
  expect(told.filter((event) => event !== 'ready' && event !== 'status')).toEqual(['stopped'])
  expect(told.at(-1)).toBe('stopped')
  expect(existsSync(join(dataDir, 'running.pid'))).toBe(false)
})

test.each([
  ['the exchange', 'log/exchange.log'],
  ['the Worker', 'log/worker.log'],
  ['the collector', 'log/collector.log'],
])('killed while %s is being started, it leaves nothing running either', async (_part, file) => {
  const dataDir = await installationFolder()
  const start = npmStart(['--json', '--port', String(await freePort()), '--data', dataDir])
  await until('the moment has come', () => existsSync(join(dataDir, file)), 60_000)
  start.kill()
  await start.ended
  await nothingLeft(start)
})
