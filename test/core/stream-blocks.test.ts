import fc from 'fast-check'
import { expect, test } from 'vitest'
import { streamCredits } from '#core/credit'
import { StreamBlocks } from '#core/stream-blocks'

test('no row is sent before it is paid for, and in blocks of any size a stream costs what its rows do', () => {
  fc.assert(
    fc.property(
      fc.constantFrom('rows' as const, 'page' as const),
      fc.array(fc.nat(25_000), { maxLength: 8 }),
      (cost, batches) => {
        const most = batches.reduce((sum, rows) => sum + rows, 0)
        const first = Math.max(1, Math.min(10, Math.ceil(most / 1000)))
        const blocks = new StreamBlocks(cost, most, first)
        let reserved = first
        let [settled, spent, sent] = [0, first, 0]
        for (const batch of batches) {
          for (let rest = batch; rest > 0; ) {
            if (blocks.room === 0) {
              const closed = blocks.close()
              expect(closed).toBeLessThanOrEqual(reserved)
              settled += closed
              reserved = blocks.next
              spent += reserved
              blocks.open(reserved)
            }
            const rows = Math.min(rest, blocks.room)
            expect(rows).toBeGreaterThan(0)
            blocks.sent(rows)
            sent += rows
            rest -= rows
            expect(streamCredits(cost, sent)).toBeLessThanOrEqual(spent)
          }
        }
        settled += blocks.close()
        expect(settled).toBe(streamCredits(cost, most))
        expect(blocks.credits).toBe(settled)
      },
    ),
  )
})

test('what is free has room without end', () => {
  expect(new StreamBlocks('free', 1_000_000, 0).room).toBe(Number.MAX_SAFE_INTEGER)
})
