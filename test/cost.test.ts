import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const path = (name: string) => fileURLToPath(new URL(`../${name}`, import.meta.url))

test('docs/cost.md is what its script computes from the stored counts', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [path('bench/cost-print.ts')])
  expect(await readFile(path('docs/cost.md'), 'utf8')).toBe(stdout)
})
