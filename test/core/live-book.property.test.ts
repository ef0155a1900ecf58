import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { Book } from '#core/book'
import { checksum, fullChecksum } from '#core/checksum'
import { LiveBook } from '#core/live-book'
import type { BookRecord, Image } from '#core/log'
import { readLadder } from '#core/wire/record'
import { serverMessage } from '#core/wire/stream'
import type { BookMessage } from '#core/wire/stream-message'
import { must } from './arbitraries.ts'
import { happenings, type Written, write } from './random-log.ts'

/** A subscriber that trusts nothing: it keeps its own levels and checks each checksum. */
class Subscriber {
  seq: number | null
  levels: Record<'yes' | 'no', Map<string, string>> | null

  constructor(seq: number | null, levels: Subscriber['levels']) {
    this.seq = seq
    this.levels = levels
  }

  hear(message: BookMessage): void {
    expect(serverMessage.safeParse(message).success).toBe(true)
    switch (message.type) {
      case 'snapshot':
        // A record leaves no hole; an image may cover one.
        if (message.image) expect(message.seq).toBeGreaterThanOrEqual(this.seq ?? 0)
        else expect(message.seq).toBe((this.seq ?? Number.NaN) + 1)
        this.levels = { yes: new Map(message.yes), no: new Map(message.no) }
        this.seq = message.seq
        expect(fullChecksum(this.#ladders())).toBe(message.full_checksum)
        return
      case 'deltas': {
        const [from, to] = message.seq
        expect(from).toBe((this.seq ?? Number.NaN) + 1)
        expect(message.d).toHaveLength(to - from + 1)
        for (const [side, price, , size] of message.d) {
          if (size === '0.00') must(this.levels)[side].delete(price)
          else must(this.levels)[side].set(price, size)
        }
        this.seq = to
        expect(checksum(this.#ladders())).toBe(message.checksum)
        return
      }
      case 'gap':
        expect(message.seq).toBeGreaterThan(this.seq ?? -1)
        this.levels = null
        this.seq = message.seq
        return
      case 'end':
        expect(message.seq).toBe((this.seq ?? Number.NaN) + 1)
        this.seq = message.seq
        return
    }
  }

  /** Whether it holds the very book that we do. */
  agrees(live: LiveBook): void {
    expect(this.seq).toBe(live.seq)
    const { state } = live
    if (state.kind === 'known') {
      expect(fullChecksum(this.#ladders())).toBe(fullChecksum(state.book.ladders()))
    } else if (state.kind === 'unknown') expect(this.levels).toBeNull()
  }

  copy(): Subscriber {
    const { levels } = this
    return new Subscriber(this.seq, levels && { yes: new Map(levels.yes), no: new Map(levels.no) })
  }

  #ladders() {
    const { yes, no } = must(this.levels)
    const ladders = { yes: must(readLadder([...yes])), no: must(readLadder([...no])) }
    return must(Book.of(ladders)).ladders()
  }
}

/** What happens to a batch on its way. */
type Fate = {
  readonly size: number
  readonly lost: boolean
  readonly again: boolean
  /** Somebody joins after it; somebody goes away before it and comes back so many batches later. */
  readonly joins: boolean
  readonly away: number | null
}

const fates = fc.array(
  fc.record({
    size: fc.integer({ min: 1, max: 5 }),
    lost: fc.integer({ min: 0, max: 11 }).map((n) => n === 0),
    again: fc.integer({ min: 0, max: 7 }).map((n) => n === 0),
    joins: fc.integer({ min: 0, max: 5 }).map((n) => n === 0),
    away: fc.option(fc.integer({ min: 1, max: 6 }), { freq: 3 }),
  }),
  { minLength: 5, maxLength: 20 },
)

function batches(written: readonly Written[], all: readonly Fate[]): [Fate, Written[]][] {
  const cut: [Fate, Written[]][] = []
  for (let at = 0, i = 0; at < written.length; i++) {
    const fate = must(all[i % all.length])
    cut.push([fate, written.slice(at, at + fate.size)])
    at += fate.size
  }
  return cut
}

/** What the collector answers to a need: its image, or its gap when it has no book. */
function answer({ image, record }: Written): (BookRecord | Image)[] {
  return image === null ? [record] : [image]
}

test('whoever joins, stays, goes and comes back holds our book, and is never sent back', () => {
  fc.assert(
    fc.property(happenings, fates, (all, fate) => {
      const live = new LiveBook('M', 'active')
      const following: Subscriber[] = []
      const away: { readonly until: number; readonly who: Subscriber }[] = []
      batches(write(all), fate).forEach(([{ lost, again, joins, away: gone }, batch], i) => {
        if (gone !== null) {
          for (const who of following.splice(1)) away.push({ until: i + gone, who: who.copy() })
        }
        if (lost) return
        const entries = batch.map(({ record }) => record)
        for (const round of again ? [entries, entries] : [entries]) {
          const empty = live.seq === null
          const { messages, need } = live.take(round, null, 1)
          const told = empty ? live.start('resync') : messages
          for (const who of following) for (const message of told) who.hear(message)
          if (!need) continue
          const healed = live.take(answer(must(batch.at(-1))), null, 1)
          const start = empty && told.length === 0 ? live.start('resync') : healed.messages
          for (const who of following) for (const message of start) who.hear(message)
        }
        for (const who of following) who.agrees(live)
        for (const back of away.splice(0)) {
          if (back.until > i) away.push(back)
          else if (live.seq !== null) {
            const { ahead, messages } = live.resume(must(back.who.seq))
            expect(ahead).toBe(false)
            for (const message of messages) back.who.hear(message)
            back.who.agrees(live)
            following.push(back.who)
          }
        }
        if (joins && live.seq !== null) {
          const comer = new Subscriber(null, null)
          for (const message of live.start('initial')) comer.hear(message)
          comer.agrees(live)
          following.push(comer)
        }
      })
    }),
    { numRuns: 300 },
  )
})

test('invariant 9: a book goes on from what was kept of it exactly as it would have', () => {
  fc.assert(
    fc.property(happenings, fc.nat(), (all, at) => {
      const records = write(all).map(({ record }) => record)
      const cut = at % (records.length + 1)
      const live = new LiveBook('M', 'active')
      live.take(records.slice(0, cut), null, 1)
      const again = new LiveBook('M', 'active')
      const kept = live.kept()
      expect(kept === null).toBe(live.seq === null)
      if (kept !== null) again.restore(structuredClone(kept))
      expect(again.take(records.slice(cut), null, 1)).toEqual(
        live.take(records.slice(cut), null, 1),
      )
      expect(again.start('resync')).toEqual(live.start('resync'))
      expect([again.proof, again.gap, again.stamp, again.bbo, again.kept()]).toEqual([
        live.proof,
        live.gap,
        live.stamp,
        live.bbo,
        live.kept(),
      ])
    }),
  )
})
