import { exports } from 'cloudflare:workers'
import { beforeAll, expect, test } from 'vitest'
import type { Micros } from '#core/instant'
import type { BookRecord, Seq } from '#core/log'
import { call, errorOf } from './api.ts'
import { Edge } from './edge.ts'
import { asOwner, setWatermark, storeGap, storeMarket, storeRecords } from './store.ts'

const T = 'SITE-26NOV22-T4615.99'
const BARE = 'SITE-26NOV22-BARE'
const DONE = 'SITE-26NOV21-DONE'
const MANY = Array.from({ length: 60 }, (_, n) => `SITEPAGE-26NOV22-T${100 + n}`)
const HOSTILE = `<script>alert("1")</script> & 'so'`
const AWAY = { connectionString: 'postgres://kb_reader@127.0.0.1:1/none' } as Hyperdrive

const now = (Date.now() * 1000) as Micros
const at = (secondsAgo: number) => (now - secondsAgo * 1e6) as Micros
const stamp = (n: number, secondsAgo: number) => ({
  seq: (2 ** 32 + n) as Seq,
  recv: at(secondsAgo),
  event: null,
})
const first: BookRecord = { kind: 'snapshot', ...stamp(0, 60), reason: 'first', yes: [], no: [] }

beforeAll(async () => {
  const id = await storeMarket(T)
  await storeRecords(id, [first])
  const bounds = { from: at(30), to: at(28), noticed: at(28), prevSeq: null }
  await storeGap(id, { seq: (2 ** 32 + 5) as Seq, cause: 'cut', ...bounds })
  await storeMarket(BARE)
  const done = await storeMarket(DONE, 'finalized')
  await storeRecords(done, [first, { kind: 'end', ...stamp(1, 40), reason: 'settled' }])
  for (const ticker of MANY) await storeMarket(ticker)
  await setWatermark(at(1))
  await asOwner(
    (sql) =>
      sql`update kb.markets set title = ${HOSTILE}, rules_primary = ${HOSTILE}, yes_sub_title = ${'"><img src=x>'}
        where ticker = ${T}`,
  )
})

async function get(path: string): Promise<{ response: Response; text: string }> {
  const response = await exports.default.fetch(new Request(`https://kalshibook.test${path}`))
  return { response, text: await response.text() }
}

test('the page of a market tells what is public of it: its title and rules as text alone, coverage and gaps', async () => {
  const { response, text } = await get(`/markets/${T}`)
  expect(response.status).toBe(200)
  expect(text.match(/&lt;script&gt;alert\(&quot;1&quot;\)/g)?.length).toBeGreaterThan(2)
  expect(text).not.toMatch(/<img|<script>| style=| on[a-z]+="/)
  expect(text).toMatch(/data-day="\d{4}-\d\d-\d\d" data-records="1"/)
  expect(text).toContain('<h3>Last gaps</h3>')
  expect(text).toContain('2.000 s')
  expect(text).toContain(`data-ticker="${T}"`)
})

test('a visitor is told that a free key opens a market which is not among those shown, and no script is sent', async () => {
  const { text } = await get(`/markets/${T}`)
  expect(text).toContain('A free key opens this book')
  expect(text).not.toContain('market-script')
  expect(text).not.toContain('id="window"')
})

test('a market without a record says so; one whose log is over says when', async () => {
  expect((await get(`/markets/${BARE}`)).text).toContain('No book of this market is recorded.')
  expect((await get(`/markets/${DONE}`)).text).toContain(`data-end="${at(40)}"`)
})

test.each([
  ['of no market', 'SITE-26NOV22-NONE'],
  ['that is no ticker', '%3Cscript%3E'],
  ['with a slash in it', 'A%2FB'],
])('a ticker %s has a page that says so and repeats nothing', async (_, ticker) => {
  const { response, text } = await get(`/markets/${ticker}`)
  expect(response.status).toBe(404)
  expect(text).toContain('No such market')
  expect(text).not.toContain('<script>')
  expect(text).not.toContain(ticker)
})

test('the list goes on page by page, and ends', async () => {
  const { text } = await get('/markets?series=SITEPAGE')
  expect(listed(text)).toEqual(MANY.slice(0, 50))
  const [, next = ''] = /rel="next" href="([^"]+)"/.exec(text) ?? []
  const last = await get(next.replaceAll('&amp;', '&'))
  expect(listed(last.text)).toEqual(MANY.slice(50))
  expect(last.text).not.toContain('rel="next"')
})

test('what was asked for stays in the form as text alone', async () => {
  const words = `<b>"x"`
  const { response, text } = await get(`/markets?q=${encodeURIComponent(words)}&status=finalized`)
  expect(response.status).toBe(200)
  expect(text).toContain('value="&lt;b&gt;&quot;x&quot;"')
  expect(text).toMatch(/<option value="finalized" selected/)
  expect(text).toContain('No market is found by this')
})

test.each([
  '?status=nonsense',
  '?series=%00',
  '?after=1.%3Cb%3E',
  `?q=${'x'.repeat(500)}`,
  '?q=a&q=b',
  '?q=%00',
])('a query that cannot be understood is as if it were not given: %s', async (query) => {
  const { response, text } = await get(`/markets${query}`)
  expect(response.status).toBe(200)
  expect(text).toContain('<h1>Markets</h1>')
})

test('names are suggested by words, a few at a time', async () => {
  const { response, text } = await get('/market-names?q=SITEPAGE')
  expect(response.status).toBe(200)
  const { data } = JSON.parse(text) as { data: { ticker: string; title: string }[] }
  expect(data).toHaveLength(8)
  expect(data[0]).toEqual({ ticker: expect.stringMatching(/^SITEPAGE-/), title: 'A question' })
  expect(JSON.parse((await get('/market-names')).text)).toEqual({ data: [] })
})

test('while Postgres is away both pages say so, and when to come back', async () => {
  const edge = new Edge({ HYPERDRIVE_READER: AWAY, HYPERDRIVE_METADATA: AWAY })
  for (const path of ['/markets', `/markets/${T}`]) {
    const response = await edge.fetch(path, {})
    expect(response.status).toBe(503)
    expect(await response.text()).toContain('Please try again in a minute')
  }
})

test('they are got and not posted to', async () => {
  for (const path of ['/markets', `/markets/${T}`, '/market-names']) {
    const posted = await call(path, {}, 'POST')
    expect([posted.status, errorOf(posted).code]).toEqual([405, 'method_not_allowed'])
  }
})

/** The tickers of a list, in its order. */
function listed(text: string): string[] {
  return [...text.matchAll(/<a href="\/markets\/([^"]+)">/g)].map(([, ticker = '']) => ticker)
}
