// Runs a program of this project: `node local/bootstrap.mjs <program> [args…]`, where the program is
// a .ts file or a command of a dependency. What package-lock.json asks for is installed first if it
// is not there yet; then the program runs on the project's own Node 24, whatever Node runs this file
// (20 or later, plain JavaScript without dependencies: nothing is installed when it starts).
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  closeSync,
  existsSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { constants } from 'node:os'
import { delimiter, dirname, join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)))
const BIN = join(ROOT, 'node_modules', '.bin')
const STAMP = join(ROOT, 'node_modules', '.installed')
const LOCK = join(ROOT, '.install.lock')
/** A holder touches its lock every second; one that has not for so long (ms) is dead. */
const LOCK_DEAD_MS = 15_000
/** A program still running so long (ms) after a SIGINT never got it: it was sent to us alone. */
const SIGINT_PASSED_ON_MS = 3_000

/** What this machine's node_modules must have been made from. */
function wanted() {
  const lockfile = createHash('sha256').update(readFileSync(join(ROOT, 'package-lock.json')))
  return `${process.platform}-${process.arch} ${lockfile.digest('hex')}\n`
}

function installed() {
  try {
    return readFileSync(STAMP, 'utf8') === wanted() && existsSync(join(BIN, 'node'))
  } catch {
    return false
  }
}

/** Waits for the right to install; true when another process finished the install meanwhile. */
async function takeLock() {
  for (let said = false; ; said = true) {
    try {
      closeSync(openSync(LOCK, 'wx'))
      return installed()
    } catch (error) {
      if (error.code !== 'EEXIST') throw error
    }
    if (!said) console.error('Waiting for another process that installs the dependencies …')
    if (dead(LOCK)) clearDeadLock()
    await sleep(250)
  }
}

function dead(lock) {
  const touched = statSync(lock, { throwIfNoEntry: false })?.mtimeMs
  return touched !== undefined && Date.now() - touched > LOCK_DEAD_MS
}

/** Takes a dead lock aside before it is removed: another may have put a living one in its place. */
function clearDeadLock() {
  const aside = `${LOCK}.${process.pid}`
  try {
    renameSync(LOCK, aside)
    if (dead(aside)) rmSync(aside)
    else renameSync(aside, LOCK)
  } catch (error) {
    if (error.code !== 'ENOENT') throw error
  }
}

function touchLock() {
  try {
    utimesSync(LOCK, new Date(), new Date())
  } catch (error) {
    if (error.code !== 'ENOENT') throw error
  }
}

/** The environment without our own node_modules/.bin: npm must not run on what it replaces. */
function outsideEnv() {
  const path = (process.env.PATH ?? '').split(delimiter).filter((entry) => resolve(entry) !== BIN)
  return { ...process.env, PATH: path.join(delimiter) }
}

async function npm(...args) {
  // Some packages are made whole by their install scripts, and none will run on the Node that is here.
  const settings = ['--ignore-scripts=false', '--engine-strict=false', '--loglevel=error']
  const child = spawn('npm', [...args, ...settings, '--no-audit', '--no-fund'], {
    cwd: ROOT,
    env: outsideEnv(),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      output = (output + chunk).slice(-8_000)
    })
  }
  return { code: await exitOf(child), output }
}

/** Installs unless it is done. Exits with 1 and one message when it cannot. */
async function install() {
  if (installed()) return
  const done = await takeLock()
  const alive = setInterval(touchLock, 1_000)
  try {
    if (done) return
    console.error('Installing the dependencies (once; about half a minute) …')
    // Without a stamp a half-made tree is never taken for a whole one.
    rmSync(STAMP, { force: true })
    const { code, output } = await npm('ci', '--include=dev')
    const problem = code === 0 ? await unfit() : output.trim()
    if (stopped !== 0) {
      process.exitCode = stopped
    } else if (problem !== null) {
      console.error(`The dependencies could not be installed (npm ci: exit ${code}).\n${problem}`)
      process.exitCode = 1
    } else {
      writeFileSync(STAMP, wanted())
    }
  } finally {
    clearInterval(alive)
    rmSync(LOCK, { force: true })
  }
}

/** Whether the installed Node runs: its package fetches the program in an install script. */
async function unfit() {
  const child = spawn(join(BIN, 'node'), ['--version'], { stdio: ['ignore', 'pipe', 'inherit'] })
  let version = ''
  child.stdout.on('data', (chunk) => {
    version += chunk
  })
  const code = await exitOf(child)
  return code === 0 && version.startsWith('v24.')
    ? null
    : 'Its install scripts did not run: Node 24 is not in node_modules. Does npm forbid them here?'
}

/** Waits for a child; its exit code, 128 + n when signal n ended it, 127 when it never started. */
function exitOf(child) {
  running = child
  return new Promise((settle) => {
    child.once('error', (error) => {
      console.error(error.message)
      settle(127)
    })
    child.once('close', (code, signal) => settle(code ?? 128 + constants.signals[signal]))
  })
}

/** Runs the program to its end, on our own Node and with our own commands first. */
function run([program, ...args]) {
  const [file, rest] = program.endsWith('.ts')
    ? [join(BIN, 'node'), [resolve(ROOT, program), ...args]]
    : [join(BIN, program), args]
  const env = { ...process.env, PATH: `${BIN}${delimiter}${process.env.PATH ?? ''}` }
  return exitOf(spawn(file, rest, { stdio: 'inherit', env }))
}

let running = null
let stopped = 0
// A terminal's Ctrl-C reaches the child without us (one process group): we outlive it, to tell how
// it ended. A SIGTERM is for us alone and is passed on.
process.on('SIGINT', () => {
  if (stopped === 0) setTimeout(() => running?.kill('SIGTERM'), SIGINT_PASSED_ON_MS).unref()
  stopped = 130
})
process.on('SIGTERM', () => {
  stopped = 143
  running?.kill('SIGTERM')
})

const command = process.argv.slice(2)
if (command.length === 0) {
  console.error('usage: node local/bootstrap.mjs <program> [args…]')
  process.exit(2)
}
await install()
process.exitCode ??= stopped || (await run(command))
process.exit()
