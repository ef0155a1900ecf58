import { afterAll, beforeAll, expect, test } from 'vitest'
import { pairsAfter, pairsAt, pairsWithin } from '../history/ask-instants.ts'
import { eventRanges, rangesOf } from '../history/ask-ranges.ts'
import { DAMAGES } from '../history/damage.ts'
import { Dice } from '../history/dice.ts'
import { type HistoryRig, startHistory } from '../history/history-rig.ts'
import { makeHistory } from '../history/made-history.ts'
import { cellsOf, rowOf } from '../history/plain-rows.ts'
import { readCsv, readLines, readPages } from '../history/read-list.ts'
import { groupsAt, judgeSeveral } from '../history/several-verdict.ts'
import { judgeStream, judgeTardis } from '../history/stream-verdict.ts'
import { judge } from '../history/verdict.ts'

const seed = Math.floor(Math.random() * 2 ** 32)
const named = `made from seed ${seed}`
const dice = new Dice(seed)
const made = makeHistory(dice)
let rig: HistoryRig

beforeAll(async () => {
  rig = await startHistory(made)
})
afterAll(() => rig?.stop())

test('as-of equals a plain fold for 2,000 random pairs of a market and an instant', async () => {
  const one = await judge(rig.api, pairsAt(dice, made, 1200), made.through)
  expect(one.differences.slice(0, 3), named).toEqual([])
  // Many markets at one instant, and an event's.
  const many = await judgeSeveral(rig.api, groupsAt(dice, made, 100), made.through)
  expect(many.differences.slice(0, 1), named).toEqual([])
  for (const kind of ['as_of', 'unknown', 'closed', '404', '503']) {
    expect(one.kinds[kind], named).toBeGreaterThan(0)
  }
  const pairs = [...Object.values(one.kinds), ...Object.values(many.kinds)]
  expect(pairs.reduce((sum, each) => sum + each)).toBeGreaterThanOrEqual(2000)
})

test('the book after a record equals a plain fold', async () => {
  const { kinds, differences } = await judge(rig.api, pairsAfter(dice, made, 300), made.through)
  expect(differences.slice(0, 3), named).toEqual([])
  for (const kind of ['as_of', 'unknown']) expect(kinds[kind], named).toBeGreaterThan(0)
})

test('the rows of a range are all that was recorded in it: as pages, NDJSON and CSV', async () => {
  await rig.api.each(rangesOf(dice, made, 30), async ({ path, records }) => {
    const rows = records.map(rowOf)
    const why = `${path}, ${named}`
    expect(await readPages(rig.api, path, dice.between(40, 900)), why).toEqual(rows)
    const reverse = await readPages(rig.api, `${path}&order=desc`, dice.between(40, 900))
    expect(reverse.toReversed(), why).toEqual(rows)
    const { rows: lines, end } = await readLines(rig.api, path)
    expect(lines, why).toEqual(rows)
    expect(end, why).toMatchObject({ records: rows.length, through_us: made.through })
    expect(await readCsv(rig.api, path), why).toEqual(records.map(cellsOf))
  })
})

test('the rows of an event are those of its markets, merged', async () => {
  await rig.api.each(eventRanges(dice, made, 8), async ({ path, rows }) => {
    const why = `${path}, ${named}`
    expect(await readPages(rig.api, path, dice.between(40, 900)), why).toEqual(rows)
    expect((await readLines(rig.api, path)).rows, why).toEqual(rows)
  })
})

test('a past range as a stream, or as Tardis has it, gives a reader the books that as-of tells', async () => {
  let books = 0
  await rig.api.each(rangesOf(dice, made, 30, { ofTime: true }), async (range) => {
    const { checked, wrong } = await judgeStream(rig.api, range, made.through)
    expect(wrong, named).toEqual([])
    expect(await judgeTardis(rig.api, range, made.through), named).toEqual([])
    books += checked
  })
  expect(books, named).toBeGreaterThan(100)
})

// The proof is worth as much as it notices.
test.each(Object.entries(DAMAGES))('the proof notices %s', async (_, damage) => {
  const place = await damage(rig.sql, made)
  const market = made.markets.find(({ ticker }) => ticker === place.ticker)
  if (market === undefined) throw new Error(`no market ${place.ticker}`)
  const { differences } = await judge(rig.api, pairsWithin(market, place), made.through)
  expect(differences.length, named).toBeGreaterThan(0)
})
