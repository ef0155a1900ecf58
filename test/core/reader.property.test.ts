import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import type { BookRecord, Image } from '#core/log'
import { Reader } from '#core/reader'
import { must } from './arbitraries.ts'
import { happenings, plainOf, type Written, write } from './random-log.ts'

/**
 * What the way from the writer does to a record: it may come late (by so many places), come again,
 * or be lost; an image may be sent at the same moment, and the reader's memory be lost after it.
 */
type Fate = {
  readonly lost: boolean
  readonly late: number
  readonly again: number | null
  readonly image: number | null
  readonly evict: boolean
}

const fate = (lost: number): fc.Arbitrary<Fate> =>
  fc.record({
    lost: fc.integer({ min: 0, max: 99 }).map((n) => n < lost),
    late: fc.oneof({ weight: 8, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(4) }),
    again: fc.option(fc.nat(6), { freq: 6 }),
    image: fc.option(fc.nat(6), { freq: 12 }),
    evict: fc.integer({ min: 0, max: 29 }).map((n) => n === 0),
  })

type Arrival =
  | { readonly kind: 'entry'; readonly at: number; readonly entry: BookRecord | Image }
  | { readonly kind: 'eviction'; readonly at: number }

/** What arrives, in the order of arrival. */
function arrivals(written: readonly Written[], fates: readonly Fate[]): Arrival[] {
  const all = written.flatMap(({ record, image }, i): Arrival[] => {
    const { lost, late, again, image: imageLate, evict } = must(fates[i % fates.length])
    const entry = (after: number, what: BookRecord | Image): Arrival[] => [
      { kind: 'entry', at: i + after, entry: what },
    ]
    return [
      ...(lost ? [] : entry(late, record)),
      ...(again === null ? [] : entry(again, record)),
      ...(imageLate === null || image === null ? [] : entry(imageLate, image)),
      ...(evict ? [{ kind: 'eviction', at: i } as const] : []),
    ]
  })
  return all.sort((a, b) => a.at - b.at)
}

/** Everything that was handed to one reader since it was made, and the claims that this allows. */
class Witness {
  readonly #truths: ReadonlyMap<number, Written>
  readonly #seen = new Set<number>()
  readonly #starts = new Set<number>()
  readonly reader = new Reader()

  constructor(written: readonly Written[]) {
    this.#truths = new Map(written.map((one) => [one.record.seq, one]))
  }

  hand(entry: BookRecord | Image): void {
    const before = this.#told()
    if (entry.kind === 'image' || entry.kind === 'snapshot') this.#starts.add(entry.seq)
    if (entry.kind !== 'image') this.#seen.add(entry.seq)
    const outcome = this.reader.read(entry)
    const after = this.#told()
    if (outcome === 'taken') expect(this.reader.seq).toBe(entry.seq)
    else expect(after, `${outcome} leaves all as it was`).toEqual(before)
    expect(this.reader.seq, 'no reader goes back').toBeGreaterThanOrEqual(before.seq)
    this.#check()
  }

  #told() {
    const { state, seq } = this.reader
    return { kind: state.kind, seq, book: state.kind === 'known' ? plainOf(state.book) : null }
  }

  /** The one promise: what it says is exactly so, and rests on all that it must rest on. */
  #check(): void {
    const { state } = this.reader
    if (state.kind === 'empty') return
    const written = must(this.#truths.get(state.seq))
    if (state.kind !== 'known') {
      expect(written.record).toBe(state.kind === 'unknown' ? state.gap : state.end)
      return
    }
    expect(plainOf(state.book)).toEqual(must(written.truth))
    // Down to a start that it was given, it was given every single record.
    let seq: number = state.seq
    while (!this.#starts.has(seq)) {
      expect(this.#seen.has(seq) && must(this.#truths.get(seq)).record.kind).toBe('delta')
      seq -= 1
    }
  }
}

test('invariant 1: a reader holds the plain book of its seq or says that it knows none', () => {
  const count = { known: 0, unknown: 0, resync: 0, duplicates: 0, evicted: 0 }
  fc.assert(
    fc.property(happenings, fc.array(fate(10), { minLength: 1, maxLength: 60 }), (all, fates) => {
      const written = write(all)
      let witness = new Witness(written)
      for (const arrival of arrivals(written, fates)) {
        if (arrival.kind === 'eviction') {
          witness = new Witness(written)
          count.evicted += 1
          continue
        }
        const { seq } = witness.reader
        if (arrival.entry.kind === 'delta' && arrival.entry.seq <= seq) count.duplicates += 1
        witness.hand(arrival.entry)
        const { kind } = witness.reader.state
        if (kind === 'known' || kind === 'unknown') count[kind] += 1
        if (kind !== 'known' || arrival.entry.seq > witness.reader.seq) count.resync += 1
      }
      const last = must(written.at(-1))
      if (last.image === null) return
      witness.hand(last.image)
      expect(witness.reader.state.kind, 'a last image always heals').toBe('known')
      expect(witness.reader.seq).toBe(last.record.seq)
    }),
    { numRuns: 600 },
  )
  // The run was worth something only if all of it happened, many times over.
  for (const times of Object.values(count)) expect(times).toBeGreaterThan(100)
})

test('invariant 1: a reader that is given the whole log in order takes every record', () => {
  fc.assert(
    fc.property(happenings, (all) => {
      const written = write(all)
      const witness = new Witness(written)
      for (const { record, truth } of written) {
        witness.hand(record)
        expect(witness.reader.seq).toBe(record.seq)
        expect(witness.reader.state.kind).toBe(truth === null ? 'unknown' : 'known')
      }
    }),
    { numRuns: 300 },
  )
})

test('invariant 1: after a lost delta a reader knows no later book until a start', () => {
  const holes = { times: 0 }
  fc.assert(
    fc.property(happenings, fc.nat(), (all, which) => {
      const written = write(all)
      const deltas = written.filter(({ record }) => record.kind === 'delta')
      const lost = deltas[which % Math.max(1, deltas.length)]?.record
      if (lost === undefined) return
      holes.times += 1
      const witness = new Witness(written)
      let healed = false
      for (const { record } of written) {
        if (record === lost) continue
        const outcome = witness.reader.read(record)
        if (record.seq < lost.seq) continue
        healed ||= record.kind === 'snapshot'
        if (record.kind === 'delta' && !healed) expect(outcome).toBe('resync')
        if (!healed && witness.reader.state.kind === 'known') {
          expect(witness.reader.seq).toBe(lost.seq - 1)
        }
      }
    }),
    { numRuns: 300 },
  )
  expect(holes.times).toBeGreaterThan(100)
})

test('invariant 4: an evicted reader claims nothing until it is given a start', () => {
  fc.assert(
    fc.property(happenings, fc.nat(), (all, where) => {
      const written = write(all)
      const reader = new Reader()
      for (const { record } of written.slice(where % written.length)) {
        if (record.kind === 'snapshot') break
        reader.read(record)
        expect(['empty', 'unknown']).toContain(reader.state.kind)
      }
    }),
    { numRuns: 300 },
  )
})

test('invariant 10: the writer’s book and a reader’s are the same, level by level, at every image', () => {
  fc.assert(
    fc.property(happenings, (all) => {
      const reader = new Reader()
      for (const { record, truth, image } of write(all)) {
        reader.read(record)
        if (image === null) expect(truth).toBeNull()
        else expect(reader.state).toMatchObject({ kind: 'known', seq: image.seq })
        if (image !== null && reader.state.kind === 'known') {
          expect({ yes: image.yes, no: image.no }).toEqual(reader.state.book.ladders())
        }
      }
    }),
    { numRuns: 200 },
  )
})
