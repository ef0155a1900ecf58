import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

const read = (path: string) => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8')

test('the README names every address of the API and no other', () => {
  const [, api = ''] = /## The API\n(.*?)\n## /s.exec(read('README.md')) ?? []
  const cells = api.matchAll(/^\| (`[^|]+)\|/gm)
  const told = [...cells].flatMap(([, cell = '']) =>
    [...cell.matchAll(/`([^`?]+)[^`]*`/g)].map(([, path = '']) => `/v1${path}`),
  )
  const [, paths = ''] = /const PATHS = \[(.*?)\]/s.exec(read('worker/app.ts')) ?? []
  const there = [...paths.matchAll(/'(\/v1\/[^']+)'/g)].map(([, path = '']) =>
    path.replaceAll(/:(\w+)/g, '{$1}'),
  )
  expect(there.length).toBeGreaterThan(20)
  expect(told.sort()).toEqual(there.sort())
})

test('the README is short', () => {
  expect(read('README.md').split('\n').length).toBeLessThanOrEqual(201)
})
