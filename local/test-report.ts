import { readFile } from 'node:fs/promises'
import { z } from 'zod'

const schema = z.object({
  numPassedTests: z.int(),
  numFailedTests: z.int(),
  numPendingTests: z.int(),
  numTodoTests: z.int(),
  testResults: z.array(z.object({ name: z.string(), status: z.string() })),
})

/** What a test run came to; `problem` says what its own counts do not show. */
export type TestReport = {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
  readonly problem: string | null
}

/**
 * Reads the JSON report of a test run.
 * @param exit the exit code of the run: one that failed without a failed test counts as a failure
 */
export async function readTestReport(file: string, exit: number): Promise<TestReport> {
  const text = await readFile(file, 'utf8').catch(() => null)
  const report = text === null ? null : readReport(text)
  if (report === null) {
    return { passed: 0, failed: 1, skipped: 0, problem: `no report of a test run in ${file}` }
  }
  const { numPassedTests: passed, numFailedTests: failed } = report
  const skipped = report.numPendingTests + report.numTodoTests
  if (passed + failed === 0) return { passed, failed: 1, skipped, problem: 'no test ran' }
  if (failed > 0 || exit === 0) return { passed, failed, skipped, problem: null }
  const broken = report.testResults.filter(({ status }) => status === 'failed')
  const names = broken.map(({ name }) => `\n${name}`).join('')
  const problem = `the run exited with ${exit} and no test failed${names}`
  return { passed, failed: Math.max(1, broken.length), skipped, problem }
}

function readReport(text: string): z.infer<typeof schema> | null {
  try {
    return schema.safeParse(JSON.parse(text)).data ?? null
  } catch {
    return null
  }
}
