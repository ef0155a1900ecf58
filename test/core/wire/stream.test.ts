import { expect, test } from 'vitest'
import { serverMessage } from '#core/wire/stream'
import { marketStreamCommand } from '#core/wire/stream-command'

test.each([
  [{ op: 'subscribe' }, { op: 'subscribe', channels: ['book'] }],
  [
    { op: 'subscribe', id: 1, channels: ['book'], resume: { KXA: 12 } },
    { op: 'subscribe', id: 1, channels: ['book'], resume: { KXA: 12 } },
  ],
  [
    { op: 'unsubscribe', sub: 1 },
    { op: 'unsubscribe', sub: 1 },
  ],
  [{ op: 'resync' }, { op: 'resync' }],
  [
    { op: 'resync', market: 'KXA' },
    { op: 'resync', market: 'KXA' },
  ],
  [{ op: 'ping' }, { op: 'ping' }],
])('a customer may say %j', (message, read) => {
  expect(marketStreamCommand.parse(message)).toEqual(read)
})

test.each([
  [{}],
  [{ op: 'dance' }],
  [{ op: 'subscribe', channels: [] }],
  [{ op: 'subscribe', channels: ['tape'] }],
  [{ op: 'subscribe', markets: ['KXA'] }],
  [{ op: 'subscribe', resume: { KXA: -1 } }],
  [{ op: 'subscribe', resume: { KXA: '12' } }],
  [{ op: 'unsubscribe' }],
  [{ op: 'unsubscribe', sub: 0 }],
  [{ op: 'ping', extra: 1 }],
  ['ping'],
  [null],
])('a customer may not say %j', (message) => {
  expect(marketStreamCommand.safeParse(message).success).toBe(false)
})

const snapshot = {
  type: 'snapshot',
  market: 'KXA',
  seq: 1,
  yes: [['0.4200', '1.00']],
  no: [],
  checksum: 1,
  full_checksum: 1,
  recv_us: 1,
}

test.each([
  [
    'welcome',
    { type: 'welcome', plan: 'pro', limits: { connections: 1, markets: 1 }, server_us: 1 },
  ],
  ['image', { ...snapshot, image: true, reason: 'initial', market_status: 'active' }],
  ['snapshot record', { ...snapshot, image: false, reason: 'gap', event_us: null }],
  [
    'deltas',
    {
      type: 'deltas',
      market: 'KXA',
      seq: [2, 3],
      d: [
        ['yes', '0.4200', '-300.00', '900.00', null, 1],
        ['no', '0.5700', '1.00', '1.00', 5, 6],
      ],
      checksum: 1,
      sent_us: 7,
    },
  ],
  ['end', { type: 'end', market: 'KXA', seq: 4, reason: 'settled', event_us: null, recv_us: 1 }],
  ['heartbeat', { type: 'heartbeat', feed: 'down', upstream_age_ms: null, books: { KXA: 4 } }],
  ['error', { type: 'error', code: 'bad_json', message: 'no JSON' }],
])('a %s is read as it was written', (_, message) => {
  expect(serverMessage.parse(JSON.parse(JSON.stringify(message)))).toEqual(message)
})

test('an image and a snapshot record never pass for each other', () => {
  const both = { ...snapshot, reason: 'gap', event_us: null, market_status: 'active' }
  expect(serverMessage.safeParse({ ...both, reason: 'first', image: true }).success).toBe(false)
  expect(serverMessage.safeParse({ ...both, reason: 'initial', image: false }).success).toBe(false)
  expect(serverMessage.safeParse(both).success).toBe(false)
})
