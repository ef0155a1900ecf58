import { expect, test } from 'vitest'
import type { Micros } from '#core/instant'
import { answerLive, type LiveKnowledge } from '#core/live-answer'
import type { Seq } from '#core/log'

const changed = 1_795_345_898_131_376 as Micros
const now = (changed + 200_000) as Micros
const showing = {
  ticker: 'A-B-C',
  event: 'A-B',
  marketStatus: 'active',
  view: 'yes',
  depth: undefined,
} as const

function confirmedOf(confirmed: number | null): string | null {
  const known: LiveKnowledge = {
    kind: 'book',
    book: { yes: [], no: [] },
    seq: 7 as Seq,
    closed: false,
    changed,
    event: null,
    proof: null,
    live: true,
    confirmed: confirmed as Micros | null,
  }
  const answer = answerLive(known, showing, now)?.answer
  return answer === undefined || answer.status === 'unknown' ? '' : answer.confirmed_ts
}

test('a book is vouched for at least up to its last record, later where it is known', () => {
  expect(confirmedOf(changed - 316_000)).toBe('2026-11-22T11:11:38.131376Z')
  expect(confirmedOf(changed + 100_000)).toBe('2026-11-22T11:11:38.231376Z')
})

test('a book that nobody vouches for is not confirmed by its own records', () => {
  expect(confirmedOf(null)).toBeNull()
})
