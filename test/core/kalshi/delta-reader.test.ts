import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeFrame } from '#core/kalshi/decode'
import { DeltaReader } from '#core/kalshi/delta-reader'
import { readShared, sharedData } from '../../shared-data.ts'

const REAL =
  '{"type":"orderbook_delta","sid":1,"seq":24,"msg":{"market_ticker":"KXMLBGAME-26AUG071840NYMPIT-NYM","market_id":"957ed958-9b9b-4a98-b024-16a394cd214c","price_dollars":"0.4300","delta_fp":"-100.00","side":"yes","ts":"2026-08-07T06:46:28.97871Z","ts_ms":1786085188978}}'
const bytes = (text: string) => new TextEncoder().encode(text)

test('a delta as the exchange writes it is read', () => {
  expect(new DeltaReader().read(bytes(REAL))).toEqual({
    kind: 'delta',
    sid: 1,
    seq: 24,
    market: 'KXMLBGAME-26AUG071840NYMPIT-NYM',
    side: 'yes',
    price: 430_000,
    change: -10_000,
    event: 1786085188978710,
  })
})

test.each([
  ['another type', REAL.replace('orderbook_delta', 'orderbook_snapshot')],
  ['another field', REAL.replace('"side"', '"client_order_id":"x","side"')],
  ['a price of a dollar', REAL.replace('0.4300', '1.0000')],
  ['a price of nothing', REAL.replace('0.4300', '0.0000')],
  ['a price too fine', REAL.replace('0.4300', '0.4300001')],
  ['a size without decimals', REAL.replace('-100.00', '-100')],
  ['a size too fine', REAL.replace('-100.00', '-100.001')],
  ['no ticker', REAL.replace('KXMLBGAME-26AUG071840NYMPIT-NYM', '')],
  ['a ticker that cannot be', REAL.replace('KXMLBGAME-26', 'KX MLB')],
  ['a ticker too long', REAL.replace('KXMLBGAME', 'K'.repeat(120))],
  ['an impossible date', REAL.replace('2026-08-07', '2026-06-31')],
  ['an impossible second', REAL.replace(':28.', ':60.')],
  ['a leading zero', REAL.replace('"seq":24', '"seq":024')],
  ['a seq of none', REAL.replace('"seq":24', '"seq":0')],
  ['a time that cannot be counted', REAL.replace('1786085188978', '9999999999999')],
  ['a time after 2112', REAL.replace('1786085188978', '4503599627371')],
  ['a date after 2112', REAL.replace('2026-08-07', '2113-08-07')],
  ['something behind it', `${REAL} `],
  ['half of it', REAL.slice(0, 130)],
  ['nothing', ''],
])('%s is left to the other reader', (_, text) => {
  expect(new DeltaReader().read(bytes(text))).toBeNull()
})

test('it keeps nothing of a buffer that its socket writes again', () => {
  const reader = new DeltaReader()
  const buffer = Buffer.from(REAL)
  reader.read(buffer)
  buffer.write(REAL.replace('T06:46', 'T07:46'))
  expect(reader.read(buffer)?.event).toBe(1786085188978710 + 3_600_000_000)
})

const digits = (min: number, max: number) =>
  fc.string({ unit: fc.constantFrom(...'0123456789'), minLength: min, maxLength: max })
const written = fc
  .record({
    sid: fc.integer({ min: 1, max: 9 }),
    seq: fc.integer({ min: 1, max: 2 ** 40 }),
    market: fc.constantFrom('KXA', 'KXB-1.5', 'KXGOLDH-26AUG2711-T4615.99', 'kx_a'),
    price: digits(1, 6),
    minus: fc.boolean(),
    whole: digits(1, 13),
    part: digits(2, 2),
    side: fc.constantFrom('yes', 'no'),
    second: fc.integer({ min: 0, max: 59 }),
    minute: fc.constantFrom('2026-08-07T06:46', '2026-11-22T23:59', '2028-02-29T00:00'),
    fraction: fc.oneof(
      fc.constant(''),
      digits(1, 6).map((d) => `.${d}`),
    ),
    ms: fc.integer({ min: 0, max: 2 ** 42 }),
    dated: fc.boolean(),
  })
  .map((f) => {
    const ts = `"ts":"${f.minute}:${String(f.second).padStart(2, '0')}${f.fraction}Z",`
    return `{"type":"orderbook_delta","sid":${f.sid},"seq":${f.seq},"msg":{"market_ticker":"${f.market}","market_id":"0-a","price_dollars":"0.${f.price}","delta_fp":"${f.minus ? '-' : ''}${f.whole}.${f.part}","side":"${f.side}",${f.dated ? ts : ''}"ts_ms":${f.ms}}}`
  })

test('whatever it reads, it reads as the schema does; what is spoilt is never read as something else', () => {
  const reader = new DeltaReader()
  const count = { read: 0, spoilt: 0 }
  const spoil = fc.record({
    at: fc.nat(400),
    put: fc.constantFrom('', '"', '0', '9', '}', 'x', '.'),
  })
  fc.assert(
    fc.property(written, fc.option(spoil), (whole, spoilt) => {
      const text =
        spoilt === null
          ? whole
          : whole.slice(0, spoilt.at) + spoilt.put + whole.slice(spoilt.at + 1)
      const frame = reader.read(bytes(text))
      if (frame === null) {
        if (spoilt !== null) count.spoilt += 1
        else expect(decodeFrame(text).kind).toBe('malformed')
        return
      }
      count.read += 1
      expect(frame).toEqual(decodeFrame(text))
    }),
    { numRuns: 3000 },
  )
  expect(count.read).toBeGreaterThan(500)
  expect(count.spoilt).toBeGreaterThan(300)
})

test.skipIf(!sharedData)(
  'every delta of the real recording is read, and as the schema reads it',
  () => {
    const lines = readShared('data/kalshi/ws-orderbook-2026-08-07.jsonl').trim().split('\n')
    const reader = new DeltaReader()
    const read = lines.flatMap((line) => {
      const text = line.replace(/^\{"received_ms":\d+,"frame":/, '').slice(0, -1)
      const frame = reader.read(bytes(text))
      if (frame !== null) expect(frame).toEqual(decodeFrame(text))
      return frame ?? []
    })
    expect(read).toHaveLength(116)
  },
)
