import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { Book } from '#core/book'
import { BookView } from '#core/book-view'
import { checksum, fullChecksum } from '#core/checksum'
import { LiveBook } from '#core/live-book'
import type { BookRecord, Image, Ladders, Level, Side } from '#core/log'
import { readLadder } from '#core/wire/record'
import { type LevelsMessage, serverMessage } from '#core/wire/stream'
import type { StreamDepth } from '#core/wire/stream-command'
import type { BookMessage } from '#core/wire/stream-message'
import { must } from './arbitraries.ts'
import type { PlainBook } from './plain-book.ts'
import { happeningsWithEnds, type Written, write } from './random-log.ts'

/** What the books truly were, record by record. */
class Truth {
  readonly #books: ReadonlyMap<number, PlainBook | null>

  constructor(written: readonly Written[]) {
    this.#books = new Map(written.map(({ record, truth }) => [record.seq, truth]))
  }

  knows(seq: number): boolean {
    return this.#books.get(seq) !== null
  }

  /** The book after a record. */
  at(seq: number): Ladders {
    const levels = [...must(this.#books.get(seq))]
    const side = (name: Side) =>
      levels
        .filter(([key]) => key.startsWith(`${name} `))
        .map(([key, size]) => [Number(key.split(' ')[1]), size] as unknown as Level)
        .sort((a, b) => b[0] - a[0])
    return { yes: side('yes'), no: side('no') }
  }
}

/** A client that only sets sizes and never cuts anything off. */
class PlainClient {
  readonly #truth: Truth
  readonly #depth: StreamDepth | null
  seq: number | null = null
  /** The first seq that it was told of. */
  first: number | null = null
  gaps = 0
  #levels: Record<Side, Map<string, string>> | null = null
  #ended = false
  #image: number | null = null

  constructor(truth: Truth, depth: StreamDepth | null) {
    this.#truth = truth
    this.#depth = depth
  }

  hear(message: BookMessage | LevelsMessage): void {
    this.first ??= typeof message.seq === 'number' ? message.seq : message.seq[0]
    expect(serverMessage.safeParse(message).error).toBeUndefined()
    switch (message.type) {
      case 'snapshot':
        expect(message.image).toBe(true)
        expect(message.seq).toBeGreaterThanOrEqual(this.seq ?? 0)
        this.#levels = { yes: new Map(message.yes), no: new Map(message.no) }
        this.seq = message.seq
        this.#image = message.seq
        expect(message.full_checksum).toBe(fullChecksum(this.#truth.at(message.seq)))
        break
      case 'deltas': {
        const [from, to] = message.seq
        expect(from).toBe((this.seq ?? Number.NaN) + 1)
        expect(to).toBeGreaterThanOrEqual(from)
        for (const [side, price, change, size] of message.d) {
          expect(change).toBeNull()
          const levels = must(this.#levels)[side]
          // Nothing is told that is so already.
          expect(levels.get(price)).not.toBe(size)
          if (size === '0.00') expect(levels.delete(price)).toBe(true)
          else levels.set(price, size)
        }
        this.seq = to
        break
      }
      case 'gap':
        // Who starts anew inside a gap hears of it once more.
        if (this.#levels === null) expect(message.seq).toBeGreaterThanOrEqual(this.seq ?? 0)
        else expect(message.seq).toBeGreaterThan(this.seq ?? -1)
        expect(this.#truth.knows(message.seq)).toBe(false)
        this.#levels = null
        this.seq = message.seq
        this.gaps += 1
        this.#ended = false
        return
      case 'end':
        // An image from after the end comes before it; who starts anew after the end hears of it once more.
        if (message.seq !== this.#image && !this.#ended)
          expect(message.seq).toBe((this.seq ?? Number.NaN) + 1)
        this.seq = message.seq
        this.#ended = true
        return
    }
    this.#ended = false
    const truth = this.#truth.at(must(this.seq))
    expect(message.checksum).toBe(checksum(truth))
    this.holds(truth)
  }

  /** Whether its book is the best levels of another one. */
  holds(book: Ladders): void {
    const { yes, no } = must(this.#levels)
    const mine = { yes: must(readLadder([...yes])), no: must(readLadder([...no])) }
    const depth = this.#depth ?? Number.MAX_SAFE_INTEGER
    expect(must(Book.of(mine)).ladders()).toEqual({
      yes: book.yes.slice(0, depth),
      no: book.no.slice(0, depth),
    })
  }

  /** Whether it shows what the live book is, after a flush. */
  agrees({ state }: LiveBook): void {
    if (state.kind === 'empty') return
    const book = state.kind === 'unknown' ? null : state.book
    expect(this.#ended).toBe(state.kind === 'closed')
    if (book === null) expect(this.#levels).toBeNull()
    else this.holds(book.ladders())
  }
}

type Step = {
  readonly size: number
  /** What becomes of the batch on its way. */
  readonly fate: 'lost' | 'wrong sum' | 'comes' | 'comes' | 'comes' | 'comes' | 'comes'
  readonly next: 'flush' | 'gather' | 'nothing' | 'whole' | 'start'
}

const steps = (fates: readonly Step['fate'][]): fc.Arbitrary<Step[]> =>
  fc.array(
    fc.record({
      size: fc.integer({ min: 1, max: 6 }),
      fate: fc.constantFrom(...fates),
      next: fc.constantFrom(
        ...(['flush', 'flush', 'flush', 'gather', 'nothing', 'nothing', 'whole', 'start'] as const),
      ),
    }),
    { minLength: 4, maxLength: 20 },
  )

const depths = fc.constantFrom<StreamDepth | null>(null, 1, 1, 5, 10)

function followed(
  written: readonly Written[],
  all: readonly Step[],
  depth: StreamDepth | null,
): PlainClient {
  const live = new LiveBook('M', 'active')
  const view = new BookView('M', depth)
  const client = new PlainClient(new Truth(written), depth)
  const tell = (messages: readonly (BookMessage | LevelsMessage)[]) => {
    for (const message of messages) client.hear(message)
    expect(client.seq).toBe(view.seq)
  }
  tell(view.start(live, 'initial'))
  for (let at = 0, i = 0; at < written.length; i += 1) {
    const { size, fate, next } = must(all[i % all.length])
    const batch = written.slice(at, at + size)
    at += size
    const answer = () => live.take(answerOf(must(batch.at(-1))), null, 1)
    const entries = batch.map(({ record }) => record)
    if (fate === 'comes' && live.take(entries, null, 1).need) answer()
    // What it holds is wrong: it forgets all, and is told once more.
    if (fate === 'wrong sum' && live.take(entries, -1, 1).need) answer()
    if (next === 'gather') view.gather(live)
    if (next === 'start') tell(view.start(live, 'resync'))
    if (next === 'flush') tell(view.flush(live, 1))
    if (next === 'whole') {
      tell(view.flush(live, 1, true))
      if (live.seq !== null) expect(view.seq).toBe(live.seq)
    }
    if (next !== 'gather' && next !== 'nothing') client.agrees(live)
  }
  tell(view.flush(live, 1))
  client.agrees(live)
  expect(view.flush(live, 1)).toEqual([])
  return client
}

/** What the collector answers to a need: its image, or its gap when it has no book. */
function answerOf({ image, record }: Written): (BookRecord | Image)[] {
  const closing = record.kind === 'end' ? [record] : []
  return image === null ? [record] : [image, ...closing]
}

test('a client that only sets sizes holds the true best levels after every message', () => {
  fc.assert(
    fc.property(
      happeningsWithEnds,
      steps(['comes', 'comes', 'comes', 'comes', 'lost', 'wrong sum']),
      depths,
      (all, fates, depth) => {
        followed(write(all), fates, depth)
      },
    ),
    { numRuns: 400 },
  )
})

test('no gap is passed over, however seldom a view is flushed', () => {
  fc.assert(
    fc.property(happeningsWithEnds, steps(['comes']), depths, (all, fates, depth) => {
      const written = write(all)
      const quiet = fates.map((step) =>
        step.next === 'start' ? { ...step, next: 'flush' as const } : step,
      )
      const { gaps, first } = followed(written, quiet, depth)
      // An epoch that begins with an image, after an end, covers what came before it.
      if (written.some(({ record }) => record.kind === 'end')) return
      const told = written.filter(
        ({ record: { kind, seq } }) => kind === 'gap' && seq >= must(first),
      )
      expect(gaps).toBe(told.length)
    }),
    { numRuns: 300 },
  )
})
