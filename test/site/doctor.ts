import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import postgres from 'postgres'
import { expect, test } from 'vitest'
import type { Finding } from '../../local/doctor/finding.ts'
import type { Site } from './site-rig.ts'

const ROOT = join(import.meta.dirname, '../..')
/** Of an account at Cloudflare. */
const REAL_ID = '5f3c0a9b7d1e4826a4c2e0d9b8f7a615'

/** `npm run doctor`, looking at the product as if it were deployed. */
export function testDoctor(site: () => Site): void {
  /** Runs it with these variables instead; `toml` changes what wrangler.toml says. */
  async function examine(
    other: Readonly<Record<string, string>> = {},
    toml: (text: string) => string = (text) => text,
  ): Promise<{ code: number; findings: Finding[] }> {
    const dir = await mkdtemp(join(tmpdir(), 'kalshibook-doctor-'))
    const given = { ...site().product.variables, ...other }
    const lines = Object.entries(given).map(([name, value]) => `${name}='${value}'`)
    const text = await readFile(join(ROOT, 'wrangler.toml'), 'utf8')
    const real = text
      .replaceAll(/id = "0+\d"/g, `id = "${REAL_ID}"`)
      .replace(/^(FEED_SHARDS = ).*$/m, `$1"${given['FEED_SHARDS']}"`)
      .replace(/^(FEED_ENV = ).*$/m, `$1"${given['FEED_ENV']}"`)
      .replace(/^(PUBLIC_URL = ).*$/m, `$1"${given['PUBLIC_URL']}"`)
      .replace(/^(SUPABASE_URL = ).*$/m, `$1"${given['SUPABASE_URL']}"`)
    const [env, config] = [join(dir, 'deployment.env'), join(dir, 'wrangler.toml')]
    await Promise.all([writeFile(env, lines.join('\n')), writeFile(config, toml(real))])
    const args = ['local/doctor.ts', '--env', env, '--config', config, '--json']
    const run = promisify(execFile)(process.execPath, args, { cwd: ROOT })
    const done = await run.then(
      ({ stdout }) => ({ code: 0, stdout }),
      ({ code, stdout }: { code: number; stdout: string }) => ({ code, stdout }),
    )
    await rm(dir, { recursive: true, force: true })
    return { code: done.code, findings: JSON.parse(done.stdout) as Finding[] }
  }
  const wrongs = (findings: readonly Finding[]) =>
    findings.filter(({ state }) => state === 'wrong').map(({ about, text }) => `${about}: ${text}`)

  test('a deployment that has all it needs is told so, and nothing of it is changed', async () => {
    const { code, findings } = await examine()
    expect([code, wrongs(findings)]).toEqual([0, []])
    const seen = findings.filter(({ state }) => state === 'ok').map(({ about }) => about)
    expect(seen).toEqual(
      expect.arrayContaining(['variables', 'wrangler.toml', 'schema', 'record', 'the exchange']),
    )
    expect(seen).toEqual(
      expect.arrayContaining(['Supabase Auth', 'Stripe', 'the Worker', 'shards', 'feed', 'keys']),
    )
    expect(JSON.stringify(findings)).not.toContain(site().product.variables['KEY_PEPPER_V1'])
  })

  test('what is missing, wrong or the same is named, each with what to do', async () => {
    const { SESSION_SECRET_V1 = '', READER_DATABASE_URL = '' } = site().product.variables
    const { code, findings } = await examine(
      {
        KEY_PEPPER_V1: '',
        CURSOR_SECRET_V1: SESSION_SECRET_V1,
        FEED_SHARDS: '3',
        ACCOUNT_DATABASE_URL: READER_DATABASE_URL,
        SUPABASE_SECRET_KEY: `${'sb_secret'}_${'x'.repeat(30)}`,
        STRIPE_SECRET_KEY: `${'sk_test'}_${'x'.repeat(30)}`,
        KALSHI_KEY_ID: 'another',
      },
      (text) => text.replace(REAL_ID, '00000000000000000000000000000004'),
    )
    expect(code).toBe(1)
    const said = wrongs(findings).join('\n')
    for (const words of [
      'KEY_PEPPER_V1: is not set',
      'CURSOR_SECRET_V1: is the same as SESSION_SECRET_V1',
      'shards: the Worker has 2, FEED_SHARDS says 3',
      'ACCOUNT_DATABASE_URL: connects as kb_reader, not as kb_account',
      'Supabase Auth: /auth/v1/admin/users/',
      'Stripe: ',
      '/account/limits: answered 401',
      'KEYS: has no real id',
    ]) {
      expect(said).toContain(words)
    }
  })

  test('a schema that is behind, a Stripe that lacks something and addresses where nobody is are told', async () => {
    const { databaseUrl, stripe } = site().product
    const sql = postgres(databaseUrl, { max: 1 })
    const [last] = await sql`delete from kb.migrations where number =
      (select max(number) from kb.migrations) returning number, file, checksum`
    try {
      const nowhere = 'http://127.0.0.1:1'
      const { findings } = await examine({
        PUBLIC_URL: nowhere,
        SUPABASE_URL: nowhere,
        KALSHI_REST_URL: `${nowhere}/trade-api/v2`,
        STRIPE_API_URL: stripe?.url ?? '',
      })
      const said = wrongs(findings).join('\n')
      expect(said).toContain('schema: lacks 1 migrations')
      // The webhooks of this site are at another address than the one that is asked for.
      expect(said).toMatch(/Stripe: .*npm run stripe:setup/)
      expect(said).toContain(`the Worker: ${nowhere} cannot be reached`)
      expect(said).toContain('Supabase Auth: ')
      expect(said).toContain('the exchange: KALSHI_REST_URL')
    } finally {
      await sql`insert into kb.migrations (number, file, checksum)
        values (${last?.['number']}, ${last?.['file']}, ${last?.['checksum']})`
      await sql.end()
    }
  })
}
