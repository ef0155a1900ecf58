import { expect, test } from 'vitest'
import { LiveBook } from '#core/live-book'
import type { BookRecord } from '#core/log'
import { MarketLog } from '#core/market-log'
import { epoch, levels, must, us } from './arbitraries.ts'

const FULL = { yes: levels([420_000, 500]), no: levels([570_000, 100]) }

function ended(reason: 'settled' | 'deselected') {
  const log = new MarketLog(epoch(8), null)
  const records: BookRecord[] = [
    must(log.snapshot(FULL, us(100))),
    ...log.end(reason, null, us(110)),
  ]
  const live = new LiveBook('M', 'finalized')
  live.take(records, null, 1)
  return { log, live, last: must(records.at(-1)) }
}

const shown = (live: LiveBook, reason: 'initial' | 'resync') =>
  live.start(reason).map((message) => [message.type, 'seq' in message ? message.seq : null])

test('who comes to a settled market is shown its last book, then its end', () => {
  const { live, last } = ended('settled')
  expect(shown(live, 'initial')).toEqual([
    ['snapshot', last.seq - 1],
    ['end', last.seq],
  ])
  expect(live.gap).toBeNull()
})

test('who asks again for the book of a log that has ended is not sent back before its end', () => {
  const { live, last } = ended('settled')
  expect(shown(live, 'resync')).toEqual([
    ['snapshot', last.seq],
    ['end', last.seq],
  ])
})

test('invariant 4: a de-selected market is known for its gap, and has no book', () => {
  const { live, log, last } = ended('deselected')
  expect(shown(live, 'initial')).toEqual([
    ['gap', last.seq - 1],
    ['end', last.seq],
  ])
  expect(live.gap).toMatchObject({ cause: 'cut', seq: last.seq - 1 })
  const gap = must(log.resume(us(200)))
  live.take([gap, must(log.snapshot(FULL, us(210)))], null, 1)
  expect(live.gap).toBeNull()
  expect(shown(live, 'initial')).toEqual([['snapshot', last.seq + 2]])
})
