// `npm run check [-- --tests FILE --tests-exit N]`: everything that must hold besides the tests.
// With the JSON report of a test run and its exit code, the last line counts the tests too.
import { parseArgs } from 'node:util'
import { checkBundle } from './check-bundle.ts'
import { checkEnvExample, checkPaths } from './check-tree.ts'
import { commandProblem } from './command.ts'
import { readTestReport } from './test-report.ts'

/** What must hold: a name, and how to find out what is wrong (null: nothing). */
type Check = readonly [name: string, problem: () => Promise<string | null>]

const CHECKS: readonly Check[] = [
  ['types', () => commandProblem('tsc', '-p', '.')],
  ['types of core, which knows no platform', () => commandProblem('tsc', '-p', 'core')],
  ['types of the worker', () => commandProblem('tsc', '-p', 'worker')],
  ['types of the client, which runs in browsers too', () => commandProblem('tsc', '-p', 'client')],
  ['types of what runs in pages', () => commandProblem('tsc', '-p', 'worker/site/script')],
  ['lint and format', () => commandProblem('biome', 'ci', '--error-on-warnings', '--colors=off')],
  ['the Worker’s bundle builds and holds nothing of other programs', checkBundle],
  ['no path in the tree that holds on one machine alone', checkPaths],
  ['.env.example lists every variable, and no other', checkEnvExample],
]

const { values } = parseArgs({
  options: { tests: { type: 'string' }, 'tests-exit': { type: 'string' } },
})
const count = { passed: 0, failed: 0 }

if (values.tests !== undefined) {
  const report = await readTestReport(values.tests, Number(values['tests-exit'] ?? 0))
  count.passed += report.passed
  count.failed += report.failed
  console.log(`tests: ${report.passed} passed, ${report.failed} failed, ${report.skipped} skipped`)
  if (report.problem !== null) console.log(`FAIL tests\n${report.problem}`)
}
for (const [name, problemOf] of CHECKS) {
  const started = performance.now()
  const problem = await problemOf()
  const seconds = ((performance.now() - started) / 1000).toFixed(1)
  console.log(`${problem === null ? 'ok  ' : 'FAIL'} ${name} (${seconds} s)`)
  if (problem !== null) console.log(problem)
  count[problem === null ? 'passed' : 'failed'] += 1
}
if (count.failed > 0) process.exitCode = 1
console.log(`${count.passed} passed, ${count.failed} failed`)
