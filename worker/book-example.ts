import type { BookAnswer } from '#core/wire/book-answer'

/** A past book as the API's description shows it. */
export const BOOK_EXAMPLE: BookAnswer = {
  ticker: 'KXBTCD-26NOV2217-T95000',
  event: 'KXBTCD-26NOV2217',
  market_status: 'active',
  at_ts: '2026-11-21T17:00:00.250000Z',
  view: 'yes',
  status: 'as_of',
  bids: [['0.4200', '1200.00']],
  asks: [['0.4300', '850.00']],
  seq: 33547989549081,
  checksum: 3643222258,
  full_checksum: 3643222258,
  changed_ts: '2026-11-21T17:00:00.231877Z',
  event_ts: '2026-11-21T17:00:00.213000Z',
  confirmed_ts: '2026-11-21T17:00:00.250000Z',
  proof: { opening_seq: 33547989549057, deltas_applied: 24 },
}
