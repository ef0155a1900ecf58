import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { BookView } from '#core/book-view'
import { LiveBook } from '#core/live-book'
import { serverMessage } from '#core/wire/stream'
import { STREAM_DEPTHS, type StreamDepth } from '#core/wire/stream-command'
import { FollowedBook, type Shown } from '../../client/followed-book.ts'
import { happeningsWithEnds, write } from '../core/random-log.ts'

const shownOf = (depth: StreamDepth | null): Shown =>
  depth === null ? 'all' : depth >= 10 ? 'ten' : 'fewer'

test('with depth and conflation the book that is followed is the best levels of the publisher’s, after every message', () => {
  fc.assert(
    fc.property(
      happeningsWithEnds,
      fc.constantFrom<StreamDepth | null>(null, ...STREAM_DEPTHS),
      fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1 }),
      (all, depth, sizes) => {
        const live = new LiveBook('M', 'active')
        const view = new BookView('M', depth)
        const book = new FollowedBook('M', { broken: false })
        const written = write(all)
        for (let i = 0; written.length > 0; i += 1) {
          const batch = written.splice(0, sizes[i % sizes.length])
          live.take(
            batch.map(({ record }) => record),
            null,
            1,
          )
          const told = view.seq === null ? view.start(live, 'initial') : view.flush(live, 1)
          for (const message of told) {
            const read = serverMessage.parse(message)
            if (!('seq' in read) || read.type === 'bbo') throw new Error('no word of a book')
            expect(book.take(read, shownOf(depth))?.type).not.toBe('resync')
          }
          expect(book.kind).toBe(live.state.kind)
          const { state } = live
          const truth = state.kind === 'known' || state.kind === 'closed' ? state.book : null
          const most = depth ?? Number.MAX_SAFE_INTEGER
          expect(book.ladders()).toEqual(
            truth && { yes: truth.top('yes', most), no: truth.top('no', most) },
          )
        }
      },
    ),
    { numRuns: 150 },
  )
})
