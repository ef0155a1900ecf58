import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { strangersIn } from '../../local/check-bundle.ts'
import { envProblem, privatePaths } from '../../local/check-tree.ts'
import { readTestReport } from '../../local/test-report.ts'

const folder = mkdtempSync(join(tmpdir(), 'kalshibook-check-'))
const file = join(folder, 'report.json')
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const report = (passed: number, failed: number, skipped = 0, broken: string[] = []) =>
  JSON.stringify({
    numPassedTests: passed,
    numFailedTests: failed,
    numPendingTests: skipped,
    numTodoTests: 0,
    testResults: broken.map((name) => ({ name, status: 'failed' })),
  })

test.each([
  ['all passed', report(7, 0), 0, { passed: 7, failed: 0, skipped: 0 }],
  ['some failed', report(7, 2, 1), 1, { passed: 7, failed: 2, skipped: 1 }],
  ['a file could not be loaded', report(7, 0, 0, ['a', 'b']), 1, { passed: 7, failed: 2 }],
  ['an error outside of tests', report(7, 0), 1, { passed: 7, failed: 1 }],
  ['nothing ran', report(0, 0, 4), 0, { passed: 0, failed: 1, problem: 'no test ran' }],
  ['the report is torn', report(7, 0).slice(0, 20), 0, { passed: 0, failed: 1 }],
  ['the report is of something else', '[]', 0, { passed: 0, failed: 1 }],
])('a test run is counted when %s', async (_, text, exit, counts) => {
  writeFileSync(file, text)
  expect(await readTestReport(file, exit)).toMatchObject(counts)
})

test('no report at all is a failure', async () => {
  expect(await readTestReport(join(folder, 'none'), 0)).toMatchObject({ passed: 0, failed: 1 })
})

const inputs = ['worker/main.ts', 'core/book.ts', 'core/wire/feed.ts', 'node_modules/zod/index.js']

test('a bundle of the worker, core and packages is well made', () => {
  expect(strangersIn(inputs)).toBeNull()
})

test.each([
  'local/start.ts',
  'collector/main.ts',
  'simulator/main.ts',
  'core/kalshi/frames.ts',
  'test/until.ts',
  'bench/run.ts',
])('a bundle with %s in it is found out', (stranger) => {
  expect(strangersIn([...inputs, stranger])).toContain(stranger)
})

test('a bundle without the worker is no bundle of ours', () => {
  expect(strangersIn(['core/book.ts'])).not.toBeNull()
})

test('a path of one machine is found with its line', () => {
  expect(privatePaths(`a\nsee /ho${'me/'}ann/x\n`)).toEqual([`2: see /ho${'me/'}ann/x`])
  expect(privatePaths('postgres://127.0.0.1/kb and a cursor at https://docs')).toEqual([])
})

const table = '# What it is.\nFEED_URL=\n# FEED_TOKEN=\n'

test.each([
  ['all are listed', ['  FEED_URL: z.string(),\n  FEED_TOKEN: z.string(),\n'], null],
  ['one is not listed', ['  FEED_URL: x,\n', '  FEED_TOKEN: x,\n  FEED_NEW: x,\n'], /FEED_NEW/],
  ['one is read no more', ['  FEED_URL: x,\n'], /nothing reads it: FEED_TOKEN/],
])('variables are compared with their table: %s', (_, configs, expected) => {
  const problem = envProblem(table, configs)
  if (expected === null) expect(problem).toBeNull()
  else expect(problem).toMatch(expected)
})
