import { exports } from 'cloudflare:workers'
import { expect, test } from 'vitest'
import type { Micros } from '#core/instant'
import { dayOf } from '#core/sealing'
import { Edge } from './edge.ts'
import { roomIn } from './room-in.ts'
import { asOwner, storeMarket } from './store.ts'

const T = 'FIRST-26NOV22-T1'
const DAY_MS = 86_400_000
const AWAY = { connectionString: 'postgres://kb_reader@127.0.0.1:1/none' } as Hyperdrive

async function get(path: string): Promise<{ status: number; text: string }> {
  const response = await exports.default.fetch(new Request(`https://kalshibook.test${path}`))
  return { status: response.status, text: await response.text() }
}

test('the first page tells what was counted of today, and never rounds coverage up to all of it', async () => {
  await roomIn(DAY_MS, 8000)
  await storeMarket(T)
  const now = (Date.now() * 1000) as Micros
  await asOwner(
    (sql) => sql`
      insert into kb.coverage_days (day_us, markets, records, deltas, known_s, gap_s, causes, through_us, told_us)
      values (${dayOf(now)}, 3, 1234567, 1200000, 9999999, 1, '{}', ${now}, ${now})`,
  )
  const { status, text } = await get('/')
  expect(status).toBe(200)
  expect(text).toContain('1,234,567')
  expect(text).toContain('99.999 %')
})

test('a day of which the record is not complete has no coverage yet', async () => {
  await roomIn(DAY_MS, 8000)
  const day = dayOf((Date.now() * 1000) as Micros)
  const [behind, told] = [day, day + 120_000_000]
  await asOwner(
    (sql) => sql`
      insert into kb.coverage_days (day_us, markets, records, deltas, known_s, gap_s, causes, through_us, told_us)
      values (${day}, 3, 10, 10, 100, 0, '{}', ${behind}, ${told})
      on conflict (day_us) do update set known_s = 100, gap_s = 0, through_us = ${behind}, told_us = ${told}`,
  )
  const text = await (await new Edge({}).fetch('/', {})).text()
  expect(text).toMatch(/Coverage today<[^%]{0,80}not counted yet/)
})

test('while Postgres is away the first page is there, shows no book, and says what is not known', async () => {
  const edge = new Edge({ HYPERDRIVE_READER: AWAY, HYPERDRIVE_METADATA: AWAY })
  const response = await edge.fetch('/', {})
  const text = await response.text()
  expect(response.status).toBe(200)
  expect(text).toContain('No book can be shown at this moment.')
  expect(text).toContain('not counted yet')
  expect(text).toContain('the exchange does not reach us')
  expect(text).not.toContain('class="price">0.')
})

test('without a script the calls say how a key is got', async () => {
  const { text } = await get('/')
  expect(text).toContain('curl -X POST https://kalshibook.test/visitor-keys')
  expect(text).toContain('Bearer YOUR_KEY')
})

test('what is asked of the prices by a form is worked out without a script', async () => {
  const { text } = await get('/pricing?books=20%2C000&rows=&minutes=0')
  expect(text).toContain(
    '620,000 credits in a month of 31 days. Starter costs least: $48.60 a month.',
  )
  expect(text).toContain('<input id="books" name="books" type="text" value="20,000"')
})

test('what cannot be read is said beside its field, and stays as it was typed', async () => {
  const { status, text } = await get('/pricing?books=1&rows=%22%3E%3Cb%3Emany')
  expect(status).toBe(200)
  expect(text).toContain('id="rows-fault">This must be a whole number of 0 or more.<')
  expect(text).toContain('value="&quot;&gt;&lt;b&gt;many"')
  expect(text).toContain('One of the numbers cannot be read.')
})

test('the licence says whose data it is and that nothing is advice', async () => {
  const { text } = await get('/licence')
  expect(text).toContain('not affiliated with Kalshi')
  expect(text).toContain('written permission to redistribute')
  expect(text).toContain('Nothing here is advice')
})
