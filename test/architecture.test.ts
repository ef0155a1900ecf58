import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { codeBreaches } from './code-rules.ts'
import { importBreaches, importsOf } from './import-rules.ts'
import { bareCode, numberedStrings, readSources } from './source-code.ts'

const sources = readSources()

test('the tests of the architecture see the sources', () => {
  expect(sources.has('core/book.ts')).toBe(true)
  expect(sources.size).toBeGreaterThan(40)
})

test('every file imports only what the import rules allow', () => {
  expect(importBreaches(sources)).toEqual([])
})

test('every file keeps the rules about purity, names, size and the environment', () => {
  expect(codeBreaches(sources)).toEqual([])
})

test('the lock file knows the packages of every platform, so that npm ci takes it everywhere', () => {
  const entry = z.object({ optionalDependencies: z.record(z.string(), z.string()).optional() })
  const lock = z.object({ packages: z.record(z.string(), entry) })
  const file = new URL('../package-lock.json', import.meta.url)
  const { packages } = lock.parse(JSON.parse(readFileSync(file, 'utf8')))
  const missing = Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies)
      .filter((name) => !(`node_modules/${name}` in packages))
      .filter((name) => !(`${path}/node_modules/${name}` in packages))
      .map((name) => `${path} wants ${name}`),
  )
  expect(missing).toEqual([])
})

// What follows shows that the rules can be broken: each of these trees is wrong in one way.

const good = {
  'core/book.ts': "import { z } from 'zod'\nexport const book = z.object({})\n",
  'core/kalshi/frames.ts': "import { book } from '../book.ts'\nexport type Frame = typeof book\n",
  'core/wire/feed.ts': "import { book } from '../book.ts'\nexport const feed = book\n",
  'core/ingest.ts': "import type { Frame } from './kalshi/frames.ts'\nexport type In = Frame\n",
  'collector/main.ts': "import { book } from '#core/book'\nbook.parse(1)\n",
  'worker/main.ts': "import { feed } from '#core/wire/feed'\nexport default feed\n",
  'client/client.ts': "import type { feed } from '#core/wire/feed'\nexport type C = typeof feed\n",
  'worker/site/script/live-script.ts':
    "import { C } from '../../../client/client.ts'\nexport const c: C = 1\n",
  'local/start.ts': "import '../collector/main.ts'\nexport {}\n",
  'bench/run.ts': "import '../local/start.ts'\nexport {}\n",
  'test/core/book.test.ts': "import { book } from '#core/book'\nbook.parse(process.env)\n",
}
const breaches = (files: Record<string, string>) => {
  const tree = new Map(Object.entries({ ...good, ...files }))
  return [...importBreaches(tree), ...codeBreaches(tree)]
}

test('a tree that keeps the rules has no breach', () => {
  expect(breaches({})).toEqual([])
})

const imports = (target: string) => `import { x } from '${target}'\nexport const y = x\n`
const bad: readonly (readonly [string, string, string])[] = [
  ['core imports a shell', 'core/a.ts', imports('../collector/main.ts')],
  ['core imports Node', 'core/a.ts', imports('node:fs')],
  ['core imports a package', 'core/a.ts', imports('ws')],
  ['kalshi imports wire', 'core/kalshi/a.ts', imports('../wire/feed.ts')],
  ['wire imports kalshi by the alias', 'core/wire/a.ts', imports('#core/kalshi/frames')],
  ['the worker imports kalshi', 'worker/a.ts', imports('#core/kalshi/frames')],
  ['the worker reaches kalshi through others', 'worker/a.ts', imports('#core/ingest')],
  [
    'the worker reaches kalshi by a type',
    'worker/a.ts',
    "import type { In } from '#core/ingest'\n",
  ],
  ['the worker imports the collector', 'worker/a.ts', imports('../collector/main.ts')],
  ['the collector imports the worker', 'collector/a.ts', "await import('../worker/main.ts')\n"],
  ['the worker imports local', 'worker/live/a.ts', imports('../../local/start.ts')],
  ['the simulator imports local', 'simulator/a.ts', imports('../local/start.ts')],
  ['local imports test', 'local/a.ts', imports('../test/core/book.test.ts')],
  ['test imports bench', 'test/a.test.ts', imports('../bench/run.ts')],
  ['a re-export counts', 'core/a.ts', "export * from '../local/start.ts'\nexport const y = 1\n"],
  ['require counts', 'core/a.ts', "const x = require('ws')\n"],
  ['the worker imports the client', 'worker/a.ts', imports('../client/client.ts')],
  [
    'the worker imports what runs in browsers',
    'worker/a.ts',
    imports('./site/script/live-script.ts'),
  ],
  ['the client imports a shell', 'client/a.ts', imports('../worker/main.ts')],
  ['the client imports values of wire', 'client/a.ts', imports('#core/wire/feed')],
  [
    'the client imports a value of wire among types',
    'client/a.ts',
    "import { type a, b } from '#core/wire/feed'\nexport const y = b\n",
  ],
  ['an import that is not named', 'worker/a.ts', 'const x = await import(name)\n'],
  ['an import of no file', 'worker/a.ts', imports('./nowhere.ts')],
  ['core reads the clock', 'core/a.ts', 'export const y = Date.now()\n'],
  ['core makes today’s date', 'core/a.ts', 'export const y = new Date()\n'],
  ['core is random', 'core/a.ts', 'export const y = Math.random()\n'],
  ['core prints, in a template', 'core/a.ts', `export const y = \`\${console.log(1)}\`\n`],
  ['core measures', 'core/a.ts', 'export const y = performance.now()\n'],
  ['core asks the process', 'core/a.ts', 'export const y = process.argv\n'],
  ['a default export', 'worker/a.ts', 'export default 1\n'],
  [
    'a barrel',
    'core/a.ts',
    "// all of it\nexport * from './book.ts'\nexport { a } from './c.ts'\n",
  ],
  ['a long file', 'collector/a.ts', 'export {}\n'.repeat(301)],
  [
    'a long object',
    'worker/live/a.ts',
    `export class A extends DurableObject {\n${'\n'.repeat(200)}}\n`,
  ],
  ['a market’s object waits', 'worker/live/market-book.ts', 'export const y = setTimeout(a, 1)\n'],
  ['a forbidden file name', 'core/book-utils.ts', 'export const y = 1\n'],
  ['a forbidden folder name', 'worker/helpers/a.ts', 'export const y = 1\n'],
  ['a forbidden class name', 'worker/a.ts', 'export class BookManager {}\n'],
  ['a forbidden name in a list', 'worker/a.ts', 'const x = 1\nexport { x as symbolOf }\n'],
  ['a variable is read', 'local/a.ts', 'export const y = process.env.HOME\n'],
  ['a variable is read by its name', 'collector/main.ts', "export const y = process.env['A']\n"],
  ['the environment is handed on', 'collector/a.ts', 'export const y = { ...process.env }\n'],
  ['the environment is imported', 'worker/a.ts', "import { env } from 'node:process'\n"],
]

test.each(bad)('it is found when %s', (_, path, text) => {
  expect(breaches({ [path]: text }).filter((line) => line.startsWith(path))).not.toEqual([])
})

test.each([
  ['a clock in a comment', 'core/a.ts', '// Date.now() is not for us\nexport const y = 1\n'],
  ['a process in a string', 'core/a.ts', "export const y = 'process'\n"],
  ['a date from a number', 'core/a.ts', 'export const y = new Date(1)\n'],
  ['a quote in a regular expression', 'core/a.ts', "export const y = /['/*]/ // Date.now\n"],
  ['an environment for a child', 'local/a.ts', 'export const y = { ...process.env }\n'],
  ['a word within a word', 'core/a.ts', 'export const symbolic = 1\n'],
  ['an import in a comment', 'core/a.ts', "// import x from 'ws'\nexport const y = 1\n"],
])('it is no breach when there is %s', (_, path, text) => {
  expect(breaches({ [path]: text })).toEqual([])
})

test('imports are read in all their forms', () => {
  const text = `
import a from 'a'
import type { B } from './b.ts'
import { type C, type D } from '../c.ts'
import {
  type E,
  f,
} from '#core/e'
import * as g from "g"
import './h.ts' with { type: 'text' }
const not = "import './not.ts'"
export type { I } from './i.ts'
const j = await import('./j.ts') // import('./not.ts')
`
  expect(importsOf('collector/x.ts', text)).toEqual([
    { target: 'a', ours: false, typeOnly: false },
    { target: 'collector/b.ts', ours: true, typeOnly: true },
    { target: 'c.ts', ours: true, typeOnly: true },
    { target: 'core/e.ts', ours: true, typeOnly: false },
    { target: 'g', ours: false, typeOnly: false },
    { target: 'collector/h.ts', ours: true, typeOnly: false },
    { target: 'collector/i.ts', ours: true, typeOnly: true },
    { target: 'collector/j.ts', ours: true, typeOnly: false },
  ])
})

test('comments, strings and templates are told from code, and line numbers stay', () => {
  const text = `a // b\n/* c\n d */ e('//f', \`'\${g}\`, /'/)\n`
  expect(bareCode(text)).toBe("a \n\n e('',  (g) , '')\n")
  expect(numberedStrings(text)).toEqual({ code: "a \n\n e('0', '', '')\n", strings: ['//f'] })
})
