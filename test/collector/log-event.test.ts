import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const MODULE = new URL('../../collector/log-event.ts', import.meta.url).href

/** What a process that runs this code writes on stderr, line by line. */
async function linesOf(code: string): Promise<Record<string, unknown>[]> {
  const program = `import { logEvent, setLogLevel } from '${MODULE}'\n${code}`
  const { stderr } = await promisify(execFile)(process.execPath, [
    '--disable-warning=ExperimentalWarning',
    '--input-type=module',
    '--eval',
    program,
  ])
  return stderr
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))
}

test('an event is one line of JSON with its time, its level and its fields, also when the process ends at once', async () => {
  const lines = await linesOf(`
    logEvent('epoch_opened', { epoch: 3, markets: 12 })
    logEvent('exchange_lost', { reason: 'a "quoted"\\nreason' })
    process.exit(0)`)
  expect(lines).toEqual([
    { level: 'info', at: expect.any(String), event: 'epoch_opened', epoch: 3, markets: 12 },
    {
      level: 'warn',
      at: expect.any(String),
      event: 'exchange_lost',
      reason: 'a "quoted"\nreason',
    },
  ])
  expect(Date.parse(String(lines[0]?.['at']))).toBeGreaterThan(Date.UTC(2026, 0))
})

test('long texts are cut, a storm of one event is, and lower levels can be left out', async () => {
  const lines = await linesOf(`
    logEvent('malformed_frame', { reason: 'x'.repeat(5000) })
    for (let i = 0; i < 500; i++) logEvent('malformed_frame')
    setLogLevel('error')
    logEvent('exchange_lost')
    logEvent('failed')`)
  expect(String(lines[0]?.['reason'])).toHaveLength(300)
  expect(lines.filter(({ event }) => event === 'malformed_frame')).toHaveLength(100)
  expect(lines.at(-1)).toMatchObject({ level: 'error', event: 'failed' })
  expect(lines).toHaveLength(101)
})
