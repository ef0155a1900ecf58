import { expect, test } from 'vitest'
import type { WireListing } from '#core/wire/directory'
import { Listings } from '../../collector/listings.ts'

const listing = (m: string, status = 'active') => ({ m, event: 'E', series: 'S', status })
const sizes = (messages: readonly string[]) =>
  messages.map((text) => (JSON.parse(text) as { directory: WireListing[] }).directory.length)

test('only the last word on a market that waits is told', () => {
  const told: string[] = []
  const listings = new Listings((text) => told.push(text))
  listings.add(listing('M'))
  listings.add(listing('M', 'closed'))
  listings.flush()
  listings.flush()
  expect(told.map((text) => JSON.parse(text))).toEqual([{ directory: [listing('M', 'closed')] }])
})

test('what was told in the last minute is told again, the newest five thousand', () => {
  const listings = new Listings(() => {})
  for (let i = 0; i < 7000; i += 1) listings.add(listing(`M${i}`))
  listings.flush()
  const again = listings.again(Date.now())
  expect(sizes(again)).toEqual([1000, 1000, 1000, 1000, 1000])
  expect(again[0]).toContain('"M2000"')
  expect(listings.again(Date.now() + 61_000)).toEqual([])
})
