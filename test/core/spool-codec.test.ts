import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Entry } from '#core/entry'
import type { DeltaRecord } from '#core/log'
import { SpoolDecoder } from '#core/spool-decoder'
import { SpoolEncoder } from '#core/spool-encoder'
import { change, must, price, seq, size, ticker, us } from './arbitraries.ts'
import { anyEntry } from './entry-arbitraries.ts'

const anyBlocks = fc.array(fc.array(anyEntry, { minLength: 1, maxLength: 12 }), {
  minLength: 1,
  maxLength: 6,
})

function encode(blocks: readonly (readonly Entry[])[]): Uint8Array[] {
  const encoder = new SpoolEncoder()
  return blocks.map((entries) => {
    for (const entry of entries) encoder.encode(entry)
    return encoder.take()
  })
}

function delta(market: string, n: number): Entry {
  const record: DeltaRecord = {
    kind: 'delta',
    seq: seq(7800 * 2 ** 32 + n),
    recv: us(1_795_000_000_000_000 + n),
    event: us(1_795_000_000_000_000 - 40_000),
    side: n % 2 === 0 ? 'yes' : 'no',
    price: price(420_000),
    change: change('-300.00'),
    size: size(90_000),
  }
  return { kind: 'record', market: ticker(market), record }
}

test('entries of every kind come back as they were, block by block', () => {
  fc.assert(
    fc.property(anyBlocks, (blocks) => {
      const decoder = new SpoolDecoder()
      const decoded = encode(blocks).map((block) => decoder.decode(block))
      expect(decoded).toEqual(blocks.map((entries) => ({ entries, nameless: 0 })))
    }),
    { numRuns: 300 },
  )
})

test('what the exchange named as no other object does comes back too', () => {
  const detail: unknown = JSON.parse('{"__proto__":{"a":1},"b":[2]}')
  const stamp = { market: null, event: 'KXA', at: null, recv: us(5), source: 'rest' } as const
  const change = { ...stamp, kind: 'fee', detail: detail as Record<string, unknown> } as const
  const [block] = encode([[{ kind: 'change', change }]])
  const [entry] = new SpoolDecoder().decode(must(block ?? null))?.entries ?? []
  expect(entry?.kind === 'change' && JSON.stringify(entry.change.detail)).toBe(
    JSON.stringify(detail),
  )
})

test('a lost block costs no entry of the others', () => {
  fc.assert(
    fc.property(anyBlocks, fc.nat(), (blocks, pick) => {
      const lost = pick % blocks.length
      const decoder = new SpoolDecoder()
      const kept = encode(blocks).filter((_, index) => index !== lost)
      const decoded = kept.map((block) => decoder.decode(block))
      const others = blocks.filter((_, index) => index !== lost)
      expect(decoded).toEqual(others.map((entries) => ({ entries, nameless: 0 })))
    }),
  )
})

test('entries of a market that only lost blocks named are counted, and no others are lost', () => {
  const mixed = [delta('A', 3), delta('B', 4), delta('C', 5), delta('A', 6)]
  const [, second, , last] = encode([[delta('A', 0)], [delta('B', 1)], [delta('C', 2)], mixed])
  const decoder = new SpoolDecoder()
  // It names C, which the block before it brought, and no longer A and B.
  expect(decoder.decode(must(last))).toEqual({ entries: [delta('C', 5)], nameless: 3 })
  decoder.learn(must(second))
  expect(decoder.decode(must(last))).toEqual({ entries: mixed, nameless: 0 })
})

test('a decoder that only learned the blocks before one reads it', () => {
  const blocks = Array.from({ length: 9 }, (_, n) => [delta(`M${n}`, n), delta('M0', n)])
  const encoded = encode(blocks)
  const decoder = new SpoolDecoder()
  for (const block of encoded.slice(0, 8)) expect(decoder.learn(block)).toBe(true)
  expect(decoder.decode(must(encoded[8]))?.entries).toEqual(blocks[8])
})

test('a delta takes few bytes', () => {
  const entries = Array.from({ length: 1000 }, (_, n) => delta(`KXBTCD-26NOV2217-T${n % 50}`, n))
  const [block] = encode([entries])
  expect(must(block).length / 1000).toBeLessThan(18)
})

test('bytes that are no block are refused, whatever they are', () => {
  fc.assert(
    fc.property(anyBlocks, fc.nat(), fc.integer({ min: 1, max: 255 }), (blocks, pick, flip) => {
      const bytes = must(encode(blocks)[0]).slice()
      const at = pick % bytes.length
      bytes[at] = must(bytes[at]) ^ flip
      // Another block, or none: never an error, and never without end.
      const decoded = new SpoolDecoder().decode(bytes)
      expect(decoded === null || Array.isArray(decoded.entries)).toBe(true)
      expect(new SpoolDecoder().decode(bytes.subarray(0, 1))).toBeNull()
    }),
  )
  expect(new SpoolDecoder().decode(new Uint8Array())).toBeNull()
  expect(new SpoolDecoder().learn(new Uint8Array([0, 1]))).toBe(false)
})

test('an entry with a number that cannot be is not taken, and costs no other', () => {
  const encoder = new SpoolEncoder()
  const [first, second] = [delta('A', 1), delta('B', 2)]
  const wrong = structuredClone(delta('A', 3)) as { record: { size: number } } & Entry
  encoder.encode(first)
  for (const number of [Number.NaN, 0.5, -1, 2 ** 53]) {
    wrong.record.size = number
    expect(() => encoder.encode(wrong)).toThrow(RangeError)
  }
  encoder.encode(second)
  expect(encoder.count).toBe(2)
  expect(new SpoolDecoder().decode(encoder.take())?.entries).toEqual([first, second])
})
