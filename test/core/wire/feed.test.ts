import { expect, test } from 'vitest'
import { fromCollector, fromShard } from '#core/wire/feed'

const hello = { v: 1, env: 'local', epoch: 8, lease: 'a', shard: 0, shards: 2 }
const beat = {
  sent_us: 1,
  upstream_age_ms: null,
  lag_p50_ms: 1.5,
  lag_p99_ms: null,
  stale: 0,
  gaps: 0,
}
const image = { seq: 1, yes: [['0.4200', '1.00']], no: [], event_us: null, recv_us: 2 }
const end = { type: 'end', seq: 2, reason: 'settled', event_us: null, recv_us: 3 }

test.each([
  ['hello', { hello }],
  ['an empty batch', { n: 1, items: [] }],
  ['a batch of records', { n: 1, items: [{ m: 'KXA-1.5', records: [end], sum: 0 }] }],
  ['a batch with an image', { n: 2, items: [{ m: 'KXA', image, sum: 4_294_967_295 }] }],
  ['a beat', { beat }],
])('the collector may say %s', (_, message) => {
  expect(fromCollector.parse(message)).toEqual(message)
})

test.each([
  ['hello of another version', { hello: { ...hello, v: 2 } }],
  ['hello without a lease', { hello: { ...hello, lease: '' } }],
  ['hello with no shards', { hello: { ...hello, shards: 0 } }],
  ['a batch without a number', { items: [] }],
  ['a batch numbered 0', { n: 0, items: [] }],
  ['an item of no market', { n: 1, items: [{ m: '', records: [] }] }],
  ['a record that is none', { n: 1, items: [{ m: 'KXA', records: [{ type: 'end' }] }] }],
  ['two things at once', { hello, beat }],
  ['what a shard says', { ack: 1 }],
  ['nothing', {}],
  ['no object', 'hello'],
])('the collector may not say %s', (_, message) => {
  expect(fromCollector.safeParse(message).success).toBe(false)
})

test.each([
  ['ack', { ack: 1 }],
  ['an empty watch', { watch: [] }],
  ['watch', { watch: ['KXA', 'KXB-1.5'] }],
  [
    'need',
    {
      need: [
        { m: 'KXA', have: null },
        { m: 'KXB', have: 7 },
      ],
    },
  ],
])('a shard may say %s', (_, message) => {
  expect(fromShard.parse(message)).toEqual(message)
})

test.each([
  ['ack of nothing', { ack: 0 }],
  ['watch of no ticker', { watch: ['a b'] }],
  ['need without what it has', { need: [{ m: 'KXA' }] }],
  ['two things at once', { ack: 1, watch: [] }],
  ['what the collector says', { beat }],
])('a shard may not say %s', (_, message) => {
  expect(fromShard.safeParse(message).success).toBe(false)
})
