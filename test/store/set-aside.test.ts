import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { SetAside } from '#core/entry'
import type { Ticker } from '#core/ticker'
import { underLease } from '../../collector/store/lease.ts'
import { insertSetAside } from '../../collector/store/set-aside.ts'
import { at, openStore, type Store, take } from './fixture.ts'

let store: Store
beforeAll(async () => {
  store = await openStore()
})
afterAll(() => store.stop())
beforeEach(() => store.owner`truncate kb.set_aside restart identity`)

const aside = (text: string): SetAside => ({
  market: 'KXA' as Ticker,
  recv: at(1),
  kind: 'malformed',
  reason: 'no JSON',
  text,
})

async function insert(...asides: SetAside[]): Promise<void> {
  const hold = await take(store.collector)
  const done = await underLease(store.collector, hold, (tx) => insertSetAside(tx, asides))
  if (done === 'lease_lost') throw new Error('the lease was lost')
}

async function texts(): Promise<string[]> {
  const rows = await store.owner`select text from kb.set_aside order by slot`
  return rows.map((row) => String(row['text']))
}

test('what is set aside is kept once, however often it comes', async () => {
  await insert(aside('a'), aside('b'), aside('a'))
  await insert(aside('b'), aside('c'))
  expect((await texts()).sort()).toEqual(['a', 'b', 'c'])
})

test('text that Postgres cannot hold is kept as near as it can', async () => {
  await insert({ ...aside('a\u0000b\ud800c'), market: null, reason: '"\\' })
  expect(await texts()).toEqual(['a\ufffdb\ufffdc'])
})

test('the oldest makes room when every slot is taken', async () => {
  await store.owner`alter table kb.set_aside alter column slot restart with 99998`
  for (const text of ['a', 'b', 'c']) await insert(aside(text))
  await store.owner`alter table kb.set_aside alter column slot restart with 99998`
  await insert(aside('d'))
  const rows = await store.owner`select slot, text from kb.set_aside order by slot`
  expect(rows.map((row) => [row['slot'], row['text']])).toEqual([
    [0, 'c'],
    [99_998, 'd'],
    [99_999, 'b'],
  ])
})
