import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { z } from 'zod'

const FOLDER = new URL('../.github/workflows/', import.meta.url)
const read = (path: string) => readFileSync(new URL(path, FOLDER), 'utf8')
const { scripts } = z
  .object({ scripts: z.record(z.string(), z.string()) })
  .parse(JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')))
const workflows = readdirSync(FOLDER).map((name) => [name, read(name)] as const)

test('what the workflows run is there', () => {
  expect(workflows.map(([name]) => name)).toEqual(['check.yml', 'deploy.yml'])
  for (const [name, text] of workflows) {
    for (const [, script = ''] of text.matchAll(/npm run (?:--silent )?(\S+)/g)) {
      expect([name, script in scripts && script]).toEqual([name, script])
    }
    for (const [, file = ''] of text.matchAll(/(?:bash|node) ([\w./-]+)/g)) {
      expect(readFileSync(new URL(`../../${file}`, FOLDER), 'utf8').length).toBeGreaterThan(0)
    }
  }
})

test('nothing is deployed that was not checked, and the migrations come before the Worker', () => {
  const deploy = read('deploy.yml')
  expect(deploy).toContain('needs: check')
  expect(deploy).toContain('uses: ./.github/workflows/check.yml')
  const order = ['migrations/migrate.ts', 'wrangler deploy', 'npm run --silent doctor']
  const at = order.map((words) => deploy.lastIndexOf(words))
  expect(at.every((place) => place > 0)).toBe(true)
  expect(at).toEqual([...at].sort((a, b) => a - b))
  expect(read('check.yml')).toContain('bash .ci/run')
})
