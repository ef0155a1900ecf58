import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { expect, test, vi } from 'vitest'
import { makeApp } from '../../worker/app.ts'
import { DatabaseAwayError } from '../../worker/database.ts'

/** What browsers send when somebody opens a page. */
const BROWSER = { Accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8' }
const PROGRAM = { Accept: '*/*' }

async function ask(path: string, headers: Record<string, string>, method = 'GET') {
  const app = makeApp()
  app.get('/falls', () => {
    throw new TypeError('a secret of the stack')
  })
  app.get('/away', () => {
    throw new DatabaseAwayError('no database is configured')
  })
  const ctx = createExecutionContext()
  const request = new Request(`https://kalshibook.test${path}`, { headers, method })
  const response = await app.fetch(request, env, ctx)
  const text = await response.text()
  await waitOnExecutionContext(ctx)
  return { status: response.status, headers: response.headers, text }
}

function expectPage({ headers, text }: Awaited<ReturnType<typeof ask>>, title: string): void {
  expect(headers.get('Content-Type')).toBe('text/html; charset=UTF-8')
  expect(headers.get('Content-Security-Policy')).toContain("default-src 'none'; script-src 'self'")
  expect(headers.get('X-Content-Type-Options')).toBe('nosniff')
  expect(headers.get('Cache-Control')).toBe('private, no-store')
  expect(text).toContain(`<h1>${title}</h1>`)
  expect(text).toContain('<meta name="robots" content="noindex"/>')
  const id = headers.get('X-Request-Id') ?? ''
  expect(id).toMatch(/^req_[0-9a-f]{32}$/)
  expect(text).toContain(id)
}

test('a browser at an address of nothing is shown where to go on, and a program is told', async () => {
  const page = await ask('/no/such/<b>page</b>', BROWSER)
  expect(page.status).toBe(404)
  expectPage(page, 'There is no such page')
  expect(page.text).toContain('href="/docs"')
  expect(page.text).not.toContain('<b>page')
  const told = await ask('/no/such/page', PROGRAM)
  expect([told.status, JSON.parse(told.text).error.code]).toEqual([404, 'not_found'])
})

test.each(['//', '//[', '//a:99999/', '//evil.example/x', '/%', '/%00'])(
  'an address that is none is answered as one of nothing: %s',
  async (path) => {
    const page = await ask(path, BROWSER)
    expect(page.status).toBe(404)
    expectPage(page, 'There is no such page')
    expect(page.text).not.toContain('evil.example')
  },
)

test.each([
  '/v1/none',
  '/auth/none',
  '/account/none',
  '/stripe/none',
  '/internal/none',
  '/site/none.js',
  '/openapi.json/none',
])('at %s programs call, and even a browser is answered as they are', async (path) => {
  const { headers, text } = await ask(path, BROWSER)
  expect(headers.get('Content-Type')).toContain('application/json')
  expect(JSON.parse(text)).toHaveProperty('error.code')
})

test('an address that merely begins like one of those is a page', async () => {
  expectPage(await ask('/v1x', BROWSER), 'There is no such page')
})

test('a page that is posted to leads to the page, and a form’s address that is opened leads above it', async () => {
  const posted = await ask('/pricing', BROWSER, 'POST')
  expect([posted.status, posted.headers.get('Allow')]).toEqual([405, 'GET, HEAD'])
  expectPage(posted, 'This page takes nothing')
  expect(posted.text).toContain('class="button" href="/pricing"')
  const opened = await ask('/dashboard/settings/password', BROWSER)
  expect(opened.status).toBe(405)
  expectPage(opened, 'There is nothing to see here')
  expect(opened.text).toContain('class="button" href="/dashboard/settings"')
  const put = await ask('/auth/confirm', BROWSER, 'PUT')
  expect([put.status, put.headers.get('Allow')]).toEqual([405, 'GET, POST, HEAD'])
  const told = await ask('/pricing', PROGRAM, 'POST')
  expect(JSON.parse(told.text).error.code).toBe('method_not_allowed')
})

test('a page answers HEAD as it answers GET, without its text', async () => {
  for (const path of [
    '/',
    '/pricing',
    '/docs',
    '/llms.txt',
    '/auth/confirm',
    '/openapi.json/none',
    '/no/such/page',
  ]) {
    const got = await ask(path, BROWSER)
    const head = await ask(path, BROWSER, 'HEAD')
    expect([path, head.status, head.text]).toEqual([path, got.status, ''])
    expect(head.headers.get('Content-Type')).toBe(got.headers.get('Content-Type'))
  }
})

test('a fault of ours says so, and nothing of what failed', async () => {
  const log = vi.spyOn(console, 'error').mockImplementation(() => {})
  const page = await ask('/falls', BROWSER)
  const told = await ask('/falls', PROGRAM)
  expect(log).toHaveBeenCalledTimes(2)
  log.mockRestore()
  expect([page.status, told.status]).toEqual([500, 500])
  expectPage(page, 'This is our fault')
  expect(page.text).toContain('class="button" href="/falls"')
  expect(page.text).not.toContain('secret')
  expect(JSON.parse(told.text).error.code).toBe('internal')
})

test('while a part of us is away a page says to try again, and how things are', async () => {
  const page = await ask('/away', BROWSER)
  expect([page.status, page.headers.get('Retry-After')]).toEqual([503, '10'])
  expectPage(page, 'Not now')
  expect(page.text).toContain('href="/status"')
})
