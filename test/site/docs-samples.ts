import { spawn } from 'node:child_process'
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { until } from '../until.ts'
import { REPOSITORY, readSamples, type Sample } from './samples.ts'
import { signedIn } from './signed-in.ts'
import type { Site } from './site-rig.ts'

/** Samples ask for what was so long (ms) ago. */
const AGO_MS = 6000
/** How long (ms) a sample may take; all of them, dozens of programs one after the other, have three minutes. */
const PATIENCE_MS = 15_000
/** A new account may ask so often at once, and so often a second: a little less than its plan says. */
const AT_ONCE = 9
const A_SECOND = 4

/** Every shell and TypeScript sample of the docs and of the README, as it is pasted. */
export function testDocsSamples(site: () => Site): void {
  let samples: readonly Sample[] = []
  let folder = ''
  beforeAll(async () => {
    samples = (await readSamples()).filter(({ noRun }) => noRun === null)
    const book = `/v1/markets/${site().exchange.tickers()[0]}/orderbook?at=`
    const is = async (at: number) => (await site().product.get(book + at)).status === 200
    await until('the record is old enough', () => is(Date.now() - AGO_MS))
    folder = await mkdtemp(join(tmpdir(), 'kalshibook-samples-'))
    for (const name of ['client', 'node_modules']) {
      await symlink(join(REPOSITORY, name), join(folder, name))
    }
  })
  afterAll(() => rm(folder, { recursive: true, force: true }))

  test('shell samples do what their page says, with the first key of a new account', async () => {
    const shell = samples.filter(({ language, text }) => language === 'sh' && !/^npm /.test(text))
    expect(shell.length).toBeGreaterThan(30)
    const faults: string[] = []
    let [key, left, at] = ['', 0, 0]
    for (const sample of shell) {
      const calls = sample.text.split('curl ').length
      const now = performance.now()
      left = Math.min(AT_ONCE, left + ((now - at) / 1000) * A_SECOND)
      if (key === '' || left < calls) [key, left] = [await firstKey(site()), AT_ONCE]
      left -= calls
      at = now
      faults.push(...(await faultsOf(sample, key, ['sh', '-euc', here(sample.text)])))
    }
    expect(faults).toEqual([])
  }, 180_000)

  test('TypeScript samples do what their page says', async () => {
    const scripts = samples.filter(({ language }) => language === 'ts')
    expect(scripts.length).toBeGreaterThan(5)
    const faults: string[] = []
    for (const sample of scripts) {
      const path = join(folder, `${sample.page}-${sample.line}.mts`)
      await writeFile(path, here(sample.text))
      faults.push(...(await faultsOf(sample, site().product.apiKey, [process.execPath, path])))
    }
    expect(faults).toEqual([])
  }, 180_000)

  /** A text with the addresses of this product in place of those that it shows, and a time that it has recorded. */
  function here(text: string): string {
    const [http, at] = [site().url, new Date(Date.now() - 5000).toISOString()]
    return text
      .replaceAll(/https:\/\/kalshibook\.com|http:\/\/127\.0\.0\.1:8787/g, http)
      .replaceAll(/wss:\/\/kalshibook\.com|ws:\/\/127\.0\.0\.1:8787/g, http.replace('http', 'ws'))
      .replaceAll(/at=\d{4}-\d\d-\d\dT[\d:.]+Z/g, `at=${at}`)
  }

  async function faultsOf(
    sample: Sample,
    key: string,
    [program = '', ...args]: readonly string[],
  ): Promise<string[]> {
    const follows = sample.text.startsWith('node_modules/') ? '"type":"ready"' : null
    const until = sample.until ?? follows
    const environment = { ...process.env, KEY: key, TICKER: site().exchange.tickers()[0] ?? '' }
    const child = spawn(program, args, { cwd: folder, env: environment, detached: true })
    const end = () => child.pid !== undefined && child.exitCode === null && stop(child.pid)
    const patience = setTimeout(end, PATIENCE_MS)
    let [said, ill, seen] = ['', '', false]
    child.stderr.on('data', (data: Buffer) => {
      ill += data
    })
    child.stdout.on('data', (data: Buffer) => {
      said += data
      if (until === null || !said.includes(until)) return
      seen = true
      end()
    })
    const code = await new Promise<number | null>((resolve) => child.on('close', resolve))
    clearTimeout(patience)
    const where = `${sample.page}:${sample.line}`
    const refusal = /"error":\{"code":"(\w+)"/.exec(said)?.[1] ?? null
    const told = `${where}: ${said.slice(-500)} ${ill.slice(-500)}`
    if (refusal !== sample.refused) return [`refused with ${refusal}: ${told}`]
    if (until !== null) return seen ? [] : [`never said ${until}: ${told}`]
    if (code !== 0) return [`ended with ${code}: ${told}`]
    const wanted = sample.prints ?? ''
    return said.trim() !== '' && said.includes(wanted) ? [] : [`has not said ${wanted}: ${told}`]
  }
}

/** Ends a program and all that it started. */
function stop(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // It has ended by itself.
  }
}

async function firstKey(site: Site): Promise<string> {
  const { call, context } = await signedIn(site)
  const scopes = ['live', 'history', 'account']
  const made = (await call('/account/keys', { name: 'first', scopes })) as { key: string }
  await context.close()
  return made.key
}
