import { exports } from 'cloudflare:workers'
import { beforeAll, expect, test } from 'vitest'
import { call, errorOf } from './api.ts'
import { asOwner, storeMarket } from './store.ts'

const T = 'PAGE-26NOV22-T4615.99'
const HOSTILE = `<script>alert("1")</script> & 'so'`

beforeAll(async () => {
  await storeMarket(T)
  await asOwner(
    (sql) =>
      sql`update kb.markets set title = ${HOSTILE}, yes_sub_title = ${'"><img src=x>'} where ticker = ${T}`,
  )
})

async function get(path: string): Promise<{ response: Response; text: string }> {
  const response = await exports.default.fetch(new Request(`https://kalshibook.test${path}`))
  return { response, text: await response.text() }
}

test('the page of a market needs no key, and shows what the exchange says of it as text alone', async () => {
  const { response, text } = await get(`/live/${T}`)
  expect(response.status).toBe(200)
  expect(response.headers.get('Content-Type')).toBe('text/html; charset=UTF-8')
  expect(text).toContain('&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt; &amp; &#39;so&#39;')
  expect(text).toContain('&quot;&gt;&lt;img src=x&gt;')
  expect(text).toContain(`data-ticker="${T}"`)
  expect(text.match(/<script/g)).toHaveLength(1)
  expect(text).not.toContain('<img')
})

test('nothing in a page comes from elsewhere, is written inline, or speaks to another host', async () => {
  const { response, text } = await get(`/live/${T}`)
  const policy = response.headers.get('Content-Security-Policy') ?? ''
  expect(policy.split('; ')).toEqual([
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    "connect-src 'self' wss://kalshibook.test",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
  ])
  expect(response.headers.get('X-Content-Type-Options')).toBe('nosniff')
  expect(response.headers.get('Referrer-Policy')).toBe('same-origin')
  expect(response.headers.get('Cache-Control')).toBe('private, no-store')
  expect(text).not.toMatch(/ style=| on[a-z]+=|<style/)
  // Without its script nothing is sent: a key never gets into an address.
  expect(text).not.toMatch(/<(?:form|input)[^>]* (?:name|action)=/)
})

test('its script and its style are named after what they hold, and kept for good', async () => {
  const { text } = await get(`/live/${T}`)
  const [script = ''] = /\/site\/live-script\.\w+\.js/.exec(text) ?? []
  const [style = ''] = /\/site\/site\.\w+\.css/.exec(text) ?? []
  const served = await Promise.all([get(script), get(style)])
  expect(served.map(({ response }) => response.headers.get('Content-Type'))).toEqual([
    'text/javascript; charset=utf-8',
    'text/css; charset=utf-8',
  ])
  for (const { response } of served) {
    expect(response.status).toBe(200)
    expect(response.headers.get('Cache-Control')).toBe('public, max-age=31536000, immutable')
    expect(response.headers.get('X-Content-Type-Options')).toBe('nosniff')
  }
  expect((await get('/site/none.js')).response.status).toBe(404)
})

test.each([
  ['of no market', 'PAGE-26NOV22-NONE'],
  ['that is no ticker', '%3Cscript%3E'],
  ['that is too long', 'X'.repeat(129)],
  ['with a slash in it', 'A%2FB'],
])('a ticker %s has a page that says so and repeats nothing', async (_, ticker) => {
  const { response, text } = await get(`/live/${ticker}`)
  expect(response.status).toBe(404)
  expect(response.headers.get('Content-Type')).toContain('text/html')
  expect(response.headers.get('Content-Security-Policy')).toContain("default-src 'none'")
  expect(text).toContain('No such market')
  expect(text).not.toContain('<script')
  expect(text).not.toContain(ticker)
})

test('a page is got and not posted to, and no other file is there', async () => {
  const posted = await call(`/live/${T}`, {}, 'POST')
  expect([posted.status, errorOf(posted).code]).toEqual([405, 'method_not_allowed'])
  const none = await call('/site/other.js', {})
  expect([none.status, errorOf(none).code]).toEqual([404, 'not_found'])
})
