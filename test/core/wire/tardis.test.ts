import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { complement, printPrice } from '#core/price'
import { Replay } from '#core/replay'
import { printSize } from '#core/size'
import { TARDIS_HEAD, TardisText } from '#core/wire/tardis'
import type { PlainBook } from '../plain-book.ts'
import { gapsOf, happeningsWithEnds, write } from '../random-log.ts'

/** The book of such rows as their reader makes it: https://docs.tardis.dev/faq/data */
class TardisReader {
  readonly book = new Map<string, string>()
  #inSnapshot = false

  read(line: string): void {
    const [, , , , snapshot, side, price, amount = ''] = line.split(',')
    if (snapshot === 'true' && !this.#inSnapshot) this.book.clear()
    this.#inSnapshot = snapshot === 'true'
    if (Number(amount) === 0) this.book.delete(`${side} ${price}`)
    else this.book.set(`${side} ${price}`, amount)
  }
}

function inYesPrices(book: PlainBook): Map<string, string> {
  return new Map(
    [...book].map(([key, size]) => {
      const [side, price] = key.split(' ')
      const own = Number(price) as Parameters<typeof complement>[0]
      const of = side === 'yes' ? `bid ${printPrice(own)}` : `ask ${printPrice(complement(own))}`
      return [of, printSize(size as Parameters<typeof printSize>[0])]
    }),
  )
}

test('the reader of Tardis files has the book after every record, and none from the beginning of a gap on', () => {
  fc.assert(
    fc.property(happeningsWithEnds, (happenings) => {
      const written = write(happenings)
      const gaps = gapsOf(written)
      const replay = new Replay([{ ticker: 'A-1', status: 'active', opening: { kind: 'new' } }])
      replay.expect('A-1', gaps)
      const [text, reader] = [new TardisText(), new TardisReader()]
      let local = 0
      for (const { record, truth } of written) {
        const lines = text.lines(replay.take([{ ticker: 'A-1', record }])).split('\n')
        for (const line of lines.filter((each) => each !== '')) {
          const cells = line.split(',')
          expect(cells).toHaveLength(TARDIS_HEAD.split(',').length)
          expect(cells.slice(0, 2)).toEqual(['kalshi', 'A-1'])
          expect(Number(cells[3])).toBeGreaterThanOrEqual(local)
          local = Number(cells[3])
          reader.read(line)
        }
        const hidden = gaps.some(
          ({ from, to }) => from < record.recv && (to === null || record.recv < to),
        )
        const right = hidden || truth === null ? new Map() : inYesPrices(truth)
        // In the very instant in which a gap ends, what came before the gap's own record may be left out too.
        const ending = gaps.some(({ seq, to }) => record.recv === to && record.seq < seq)
        expect(ending ? [right, new Map()] : [right]).toContainEqual(reader.book)
      }
    }),
  )
})
