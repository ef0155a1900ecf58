import { existsSync, readFileSync } from 'node:fs'
import { crc32 as zlibCrc32 } from 'node:zlib'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { Book } from '#core/book'
import { checksum, crc32, fullChecksum } from '#core/checksum'
import { printLadders } from '#core/ladder-text'
import { readLadder } from '#core/wire/record'
import { anyLadders, levels, must } from './arbitraries.ts'

const SHARED = new URL('../../../shared/', import.meta.url)
const level = z.tuple([z.string(), z.string()])
const vectors = z.array(
  z.object({
    name: z.string(),
    yes: z.array(level),
    no: z.array(level),
    text: z.string(),
    checksum: z.number(),
    full_text: z.string(),
    full_checksum: z.number(),
  }),
)

test.skipIf(!existsSync(SHARED))('the published vectors hold (skipped without ../shared)', () => {
  const file = new URL('data/vectors/checksum.json', SHARED)
  const cases = vectors.parse(JSON.parse(readFileSync(file, 'utf8')))
  expect(cases.length).toBeGreaterThan(0)
  for (const { name, ...vector } of cases) {
    const ladders = { yes: must(readLadder(vector.yes)), no: must(readLadder(vector.no)) }
    const book = must(Book.of(ladders)).ladders()
    const ours = {
      text: printLadders(book, 10),
      checksum: checksum(book),
      full_text: printLadders(book),
      full_checksum: fullChecksum(book),
    }
    const { text, checksum: top, full_text, full_checksum } = vector
    expect(ours, name).toEqual({ text, checksum: top, full_text, full_checksum })
  }
})

test.each([
  ['', 0],
  ['123456789', 0xcbf43926],
  ['The quick brown fox jumps over the lazy dog', 0x414fa339],
])('crc32 of %j is the known one', (text, expected) => {
  expect(crc32(text)).toBe(expected)
})

test('crc32 is zlib’s for any ASCII text', () => {
  const ascii = fc.string({
    unit: fc.integer({ min: 0, max: 127 }).map((c) => String.fromCharCode(c)),
  })
  fc.assert(
    fc.property(ascii, (text) => {
      expect(crc32(text)).toBe(zlibCrc32(text))
    }),
  )
})

test('the checksum of any book is zlib’s of its ten best levels, the full one of all', () => {
  fc.assert(
    fc.property(anyLadders, (ladders) => {
      const print = (depth: number) =>
        [ladders.yes, ladders.no]
          .map((side) => [...side].sort((a, b) => b[0] - a[0]).slice(0, depth))
          .map((side) => side.map((pair) => pair.join(':')).join(','))
          .join('|')
      const book = must(Book.of(ladders)).ladders()
      expect(checksum(book)).toBe(zlibCrc32(print(10)))
      expect(fullChecksum(book)).toBe(zlibCrc32(print(100)))
    }),
  )
})

test('the eleventh level is in the full checksum alone', () => {
  const eleven = Array.from({ length: 11 }, (_, i) => [900_000 - i * 10_000, 100] as const)
  const deep = { yes: levels(...eleven), no: [] }
  const ten = { yes: deep.yes.slice(0, 10), no: [] }
  expect(checksum(deep)).toBe(checksum(ten))
  expect(fullChecksum(deep)).not.toBe(fullChecksum(ten))
})
