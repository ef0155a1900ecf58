import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { beforeAll, expect, test } from 'vitest'
import { makeApp } from '../../worker/app.ts'
import type { Env } from '../../worker/env.ts'
import { COUNTED, storeStatus } from '../../worker/store/status.ts'
import { must, seq, us } from '../core/arbitraries.ts'
import { call } from './api.ts'
import { asOwner, setWatermark, storeGap, storeMarket } from './store.ts'

const NOW = us(1_795_000_000_000_000)

beforeAll(async () => {
  await setWatermark(NOW)
})

/** The Worker with a shard that counts how often it is asked. */
function counted(answer: () => Promise<unknown>) {
  let asked = 0
  const status = () => {
    asked += 1
    return answer()
  }
  const shards = { getByName: () => ({ status }) } as unknown as Env['FEED_SHARD']
  const changed: Env = { ...env, FEED_SHARD: shards }
  const app = makeApp()
  const get = async () => {
    const ctx = createExecutionContext()
    const response = await app.fetch(new Request('https://kalshibook.test/v1/status'), changed, ctx)
    await waitOnExecutionContext(ctx)
    expect(response.status).toBe(200)
    return (await response.json()) as { data: { server_ts: string }; meta: { request_id: string } }
  }
  return { get, asked: () => asked }
}

const later = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
const DOWN = () => Promise.reject(new Error('the shard is away'))

test('within a second the status is read once, however many ask, and after it again', async () => {
  const { get, asked } = counted(DOWN)
  const answers = await Promise.all(Array.from({ length: 20 }, get))
  expect(asked()).toBe(1)
  expect(new Set(answers.map(({ data }) => data.server_ts)).size).toBe(1)
  expect(new Set(answers.map(({ meta }) => meta.request_id)).size).toBe(20)
  await later(1100)
  const again = await get()
  expect(asked()).toBe(2)
  expect(again.data.server_ts > must(answers[0]).data.server_ts).toBe(true)
})

test('through the entry of the Worker too, two who ask at once are told the same', async () => {
  await later(1100)
  const said = await Promise.all(Array.from({ length: 5 }, () => call('/v1/status', {})))
  const times = said.map(({ body }) => (body['data'] as { server_ts: string }).server_ts)
  expect(new Set(times).size).toBe(1)
})

test('what one is asked in vain is asked anew a second later, and nobody waits for ever', async () => {
  const { get, asked } = counted(() => new Promise(() => {}))
  const first = get()
  await later(1100)
  await Promise.all([first, get()])
  expect(asked()).toBe(2)
})

test('few markets and open gaps are counted, many are not', async () => {
  const id = await storeMarket('COUNTED-26NOV22-T1')
  const before = await asOwner(storeStatus)
  await storeMarket('COUNTED-26NOV22-T2')
  await storeGap(id, {
    seq: seq(1),
    cause: 'cut',
    from: NOW,
    to: null,
    noticed: NOW,
    prevSeq: null,
  })
  const after = await asOwner(storeStatus)
  expect(after.markets).toBe(before.markets + 1)
  expect(after.openGaps).toBe(before.openGaps + 1)
  await asOwner(async (sql) => {
    await sql`
      insert into kb.book_gaps (market_id, seq, cause, from_us, noticed_us)
      select ${id}, n, 'cut', 1, 1 from generate_series(2, ${COUNTED + 50}) n`
  })
  expect((await asOwner(storeStatus)).openGaps).toBe(COUNTED)
  await asOwner((sql) => sql`delete from kb.book_gaps where market_id = ${id}`)
})
