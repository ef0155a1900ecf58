import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'

/** A project of nothing but the bootstrap, and a stand-in for npm that installs this Node alone. */
let root = ''

const NPM = `#!/bin/sh
echo "$@" >> npm.log
if [ -f fail ]; then echo 'npm error: no network' >&2; exit 7; fi
sleep 0.3
rm -rf node_modules && mkdir -p node_modules/.bin
ln -s "${process.execPath}" node_modules/.bin/node
`

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'kalshibook-bootstrap-'))
  mkdirSync(join(root, 'local'))
  mkdirSync(join(root, 'bin'))
  const source = join(import.meta.dirname, '../../local/bootstrap.mjs')
  copyFileSync(source, join(root, 'local/bootstrap.mjs'))
  writeFileSync(join(root, 'package-lock.json'), '{}')
  writeFileSync(join(root, 'bin/npm'), NPM)
  chmodSync(join(root, 'bin/npm'), 0o755)
})

const started: ChildProcess[] = []

afterEach(() => {
  for (const child of started.splice(0)) {
    try {
      process.kill(-(child.pid ?? 0), 'SIGKILL')
    } catch {
      // Gone already, as it should be.
    }
  }
  rmSync(root, { recursive: true, force: true })
})

type Run = { child: ChildProcess; stdout: () => string; stderr: () => string }

function start(...args: string[]): Run {
  const child = spawn(process.execPath, [join(root, 'local/bootstrap.mjs'), ...args], {
    cwd: root,
    detached: true,
    env: { ...process.env, PATH: `${join(root, 'bin')}${delimiter}${process.env['PATH']}` },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  started.push(child)
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (chunk) => {
    stdout += chunk
  })
  child.stderr.on('data', (chunk) => {
    stderr += chunk
  })
  return { child, stdout: () => stdout, stderr: () => stderr }
}

async function ended({ child }: Run): Promise<number | null> {
  const [code] = await once(child, 'close')
  return code
}

const script = (text: string) => writeFileSync(join(root, 'program.ts'), text)
const installs = () => readFileSync(join(root, 'npm.log'), 'utf8').trim().split('\n')
const SAY = 'const words: string[] = process.argv.slice(2)\nconsole.log(words.join())\n'

test('it installs what is missing, says so on stderr alone, and runs the program', async () => {
  script(`${SAY}process.exitCode = 3\n`)
  const run = start('program.ts', '--port', '1')
  expect(await ended(run)).toBe(3)
  expect(run.stdout()).toBe('--port,1\n')
  expect(run.stderr()).toMatch(/^Installing the dependencies[^\n]*\n$/)
  expect(installs()).toEqual([expect.stringMatching(/^ci --include=dev --ignore-scripts=false /)])
})

test('it installs nothing the second time, and again when the lock file changes', async () => {
  script(SAY)
  expect(await ended(start('program.ts'))).toBe(0)
  const second = start('program.ts')
  expect(await ended(second)).toBe(0)
  expect(second.stderr()).toBe('')
  expect(installs()).toHaveLength(1)
  writeFileSync(join(root, 'package-lock.json'), '{"changed":true}')
  expect(await ended(start('program.ts'))).toBe(0)
  expect(installs()).toHaveLength(2)
})

test('of several that start at once one installs and all run', async () => {
  script(SAY)
  const runs = ['a', 'b', 'c'].map((word) => start('program.ts', word))
  expect(await Promise.all(runs.map(ended))).toEqual([0, 0, 0])
  expect(runs.map((run) => run.stdout())).toEqual(['a\n', 'b\n', 'c\n'])
  expect(installs()).toHaveLength(1)
  expect(existsSync(join(root, '.install.lock'))).toBe(false)
})

test('an install that fails is told once, with exit 1, and is tried again the next time', async () => {
  script(SAY)
  writeFileSync(join(root, 'fail'), '')
  const run = start('program.ts')
  expect(await ended(run)).toBe(1)
  expect(run.stdout()).toBe('')
  expect(run.stderr()).toContain(
    'could not be installed (npm ci: exit 7).\nnpm error: no network\n',
  )
  expect(existsSync(join(root, '.install.lock'))).toBe(false)
  rmSync(join(root, 'fail'))
  expect(await ended(start('program.ts'))).toBe(0)
})

test('the lock of an install that was killed does not hold up the next', async () => {
  script(SAY)
  writeFileSync(join(root, '.install.lock'), '')
  utimesSync(join(root, '.install.lock'), new Date(0), new Date(0))
  expect(await ended(start('program.ts'))).toBe(0)
  expect(installs()).toHaveLength(1)
})

const TRAPS = `
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => console.log(signal))
process.on('SIGUSR2', () => process.exit(5))
const alive = setInterval(() => {}, 1000)
console.log('ready')
console.log(process.pid)
`

/** Waits until the program has printed so many lines. */
async function lines(run: Run, count: number): Promise<string[]> {
  for (;;) {
    const all = run.stdout().split('\n').slice(0, -1)
    if (all.length >= count) return all
    if (run.child.stdout === null) throw new Error('no stdout')
    await once(run.child.stdout, 'data')
  }
}

async function trapped(): Promise<{ run: Run; pid: number; group: number }> {
  script(TRAPS)
  const run = start('program.ts')
  const [, pid] = await lines(run, 2)
  return { run, pid: Number(pid), group: run.child.pid ?? 0 }
}

test('Ctrl-C in a terminal reaches the program once, and its exit code comes out', async () => {
  const { run, pid, group } = await trapped()
  process.kill(-group, 'SIGINT')
  expect((await lines(run, 3)).slice(2)).toEqual(['SIGINT'])
  process.kill(pid, 'SIGUSR2')
  expect(await ended(run)).toBe(5)
  expect(run.stdout()).not.toContain('SIGTERM')
})

test('a SIGTERM is passed on', async () => {
  const { run, pid, group } = await trapped()
  process.kill(group, 'SIGTERM')
  expect((await lines(run, 3)).slice(2)).toEqual(['SIGTERM'])
  process.kill(pid, 'SIGUSR2')
  expect(await ended(run)).toBe(5)
})

test('a SIGINT that the program did not get is passed on as a SIGTERM', async () => {
  const { run, pid, group } = await trapped()
  process.kill(group, 'SIGINT')
  expect((await lines(run, 3)).slice(2)).toEqual(['SIGTERM'])
  process.kill(pid, 'SIGUSR2')
  expect(await ended(run)).toBe(5)
})

test('a program that is not there is told, and is exit 127', async () => {
  script(SAY)
  const run = start('nowhere')
  expect(await ended(run)).toBe(127)
  expect(run.stderr()).toContain('nowhere')
})
