import { existsSync, readFileSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { importsOf } from '../import-rules.ts'
import { readSources } from '../source-code.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const read = (path: string) => readFileSync(ROOT + path, 'utf8')
const dockerfile = read('collector/Dockerfile')
const packageFile = z
  .object({ dependencies: z.record(z.string(), z.string()) })
  .parse(JSON.parse(read('package.json')))

/** What the last stage copies of the project. */
const copied = (dockerfile.split(/^FROM /m).at(-1) ?? '')
  .split('\n')
  .flatMap((line) => /^COPY (?!--from)(\S+) /.exec(line)?.[1] ?? [])
const ignored = read('.dockerignore').split('\n')
const removed = /npm uninstall (.*)/.exec(dockerfile)?.[1]?.split(' ') ?? []
const sources = readSources()

/** Every file that the program loads, and every package. */
function reached(start: string): { files: Set<string>; packages: Set<string> } {
  const files = new Set([start])
  const packages = new Set<string>()
  for (const path of files) {
    for (const { target, ours, typeOnly } of importsOf(path, sources.get(path) ?? '')) {
      if (typeOnly || isBuiltin(target)) continue
      if (ours) files.add(target)
      else packages.add(target)
    }
  }
  return { files, packages }
}

const program = reached('collector/main.ts')

test('the image holds every file that the collector loads', () => {
  expect(program.files.size).toBeGreaterThan(40)
  expect(copied).toEqual(['core', 'collector'])
  const missing = [...program.files].filter(
    (path) => !sources.has(path) || !copied.some((folder) => path.startsWith(`${folder}/`)),
  )
  expect(missing).toEqual([])
  expect(ignored.filter((line) => line.startsWith('!'))).toEqual(
    ['package.json', 'package-lock.json', ...copied].map((path) => `!${path}`),
  )
  expect(ignored.filter((path) => program.files.has(path))).toEqual([])
})

test('the image holds every package that the collector loads, and no other of ours', () => {
  const installed = Object.keys(packageFile.dependencies).filter((name) => !removed.includes(name))
  expect([...program.packages].sort()).toEqual(installed.sort())
})

test('the image runs as nobody in particular, and the program is its first process', () => {
  expect(dockerfile).toMatch(/^USER node$/m)
  expect(/^CMD (.*)$/m.exec(dockerfile)?.[1]).toMatch(/^\["node", .*"collector\/main\.ts"\]$/)
})

test('Railway builds that image and asks for its health where it is told', () => {
  const shape = z.object({
    build: z.object({ dockerfilePath: z.string(), watchPatterns: z.array(z.string()) }),
    deploy: z.object({ healthcheckPath: z.string(), drainingSeconds: z.int() }),
  })
  const { build, deploy } = shape.parse(JSON.parse(read('railway.json')))
  for (const path of [build.dockerfilePath, ...build.watchPatterns]) {
    expect([path, existsSync(ROOT + path.replace(/\/\*\*$/, ''))]).toEqual([path, true])
  }
  expect(deploy.healthcheckPath).toBe('/healthz')
  // Longer than the collector takes to hand over, or it is killed in the midst.
  expect(deploy.drainingSeconds).toBeGreaterThan(8)
})
