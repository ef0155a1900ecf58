import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { API_ERROR_STATUS } from '#core/api-error'
import { GAP_CAUSES } from '#core/log'
import { BURST_S, PLANS } from '#core/plan'
import { costOf, type RouteCost } from '#core/route-cost'
import { describeStream } from '../worker/describe-stream.ts'
import { readDocs } from '../worker/site/build/docs.mjs'

const FOLDER = new URL('../worker/site/docs/', import.meta.url)
const read = (slug: string) => readFileSync(new URL(`${slug}.md`, FOLDER), 'utf8')
/** Pages that are made of the API’s own documents: a browser looks at them. */
const MADE = /^\/docs\/(?:api|streams)#/
const DAY_US = 86_400_000_000

/** The cells of the table below a heading. */
function tableOf(slug: string, heading: string): string[][] {
  const [, after = ''] = read(slug).split(`\n## ${heading}\n`)
  const lines = after.split('\n## ')[0]?.split('\n') ?? []
  const rows = lines.filter((line) => line.startsWith('|'))
  return rows.slice(2).map((row) =>
    row
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  )
}

test('every error code has its section, with its status, and each section is of a code', () => {
  const [, codes = ''] = read('errors').split('\n## Codes\n')
  const told = [...codes.matchAll(/^### `(\w+)`\n\n\*\*(\d{3})\.\*\*/gm)].map(
    ([, code = '', status]) => [code, Number(status)],
  )
  expect(Object.fromEntries(told)).toEqual(API_ERROR_STATUS)
  const listed = [...read('errors').matchAll(/\[`(\w+)`\]\(#(\w+)\)/g)]
  expect(listed.map(([, code]) => code).sort()).toEqual(Object.keys(API_ERROR_STATUS).sort())
  expect(listed.filter(([, code, anchor]) => code !== anchor)).toEqual([])
})

test('the table of plans is that of core/plan.ts', () => {
  const number = (value: number) => value.toLocaleString('en-US')
  const days = (us: number | null, none: string) =>
    us === null ? none : us === DAY_US ? '1 day' : `${us / DAY_US} days`
  const columns = Object.values(PLANS).map((plan) => [
    `$${plan.monthCents / 100}`,
    number(plan.credits),
    number(plan.requestsPerS),
    number(plan.requestsPerS * BURST_S),
    number(plan.streams.connections),
    plan.streams.markets >= 1_000_000 ? 'all' : number(plan.streams.markets),
    days(plan.historyUs, 'all'),
    days(plan.streamedRangeUs, 'any'),
    plan.overageCents === null ? '–' : `$${plan.overageCents / 100}`,
  ])
  const told = tableOf('limits', 'Plans').map(([, ...cells]) => cells)
  expect(columns.map((_, nth) => told.map((row) => row[nth]))).toEqual(columns)
  const titles = Object.values(PLANS).map(({ title }) => title)
  expect(read('limits')).toContain(`| plan | ${titles.join(' | ')} |`)
})

test('the table of addresses says what each is charged by, and leaves none out', () => {
  const words: Readonly<Record<RouteCost, string>> = {
    book: 'a book',
    books: 'each book',
    event_books: 'each book',
    rows: 'rows',
    page: 'a page',
    free: 'nothing',
  }
  const told = tableOf('limits', 'Credits').filter(([cell = '']) => /^`[^`]*`$/.test(cell))
  const paths = told.map(([cell = '']) => cell.slice(1, -1))
  for (const [cell = '', word] of told) {
    const path = cell.slice(1, -1)
    const right = path.endsWith('/stream') ? 'market-minutes' : words[costOf(path)]
    expect([path, word]).toEqual([path, right])
  }
  const source = readFileSync(new URL('../core/route-cost.ts', import.meta.url), 'utf8')
  const priced = [...source.matchAll(/^ {2}'(\/v1\/[^']+)':/gm)].map(([, path]) => path)
  expect(paths.sort()).toEqual(priced.sort())
})

test('every close code and every cause of a gap is told, and no other', () => {
  const closes = tableOf('streaming', 'Close codes').flatMap(([code]) =>
    code === 'none' ? [] : [Number(code)],
  )
  const [, stated = ''] = describeStream('').info.description.split('**Close codes.**')
  const known = [...stated.matchAll(/^\* (\d{4}): /gm)].map(([, code]) => Number(code))
  expect(known.length).toBeGreaterThan(5)
  expect(closes).toEqual(known.sort((a, b) => a - b))
  const causes = tableOf('gaps', 'Causes').map(([cause = '']) => cause.slice(1, -1))
  expect(causes).toEqual(GAP_CAUSES)
})

test('every place of another page that a page names is there, and where refusals lead to', async () => {
  const pages = await readDocs(FOLDER.pathname)
  const places = new Set(
    pages.flatMap(({ slug, headings }) => headings.map(({ id }) => `/docs/${slug}#${id}`)),
  )
  const named = pages.flatMap(({ slug, markdown }) =>
    [...markdown.matchAll(/\]\((\/docs\/[\w-]+)?(#[\w-]+)\)/g)].map(
      ([, page, anchor]) => `${page ?? `/docs/${slug}`}${anchor}`,
    ),
  )
  expect(named.length).toBeGreaterThan(40)
  expect(named.filter((place) => !places.has(place) && !MADE.test(place))).toEqual([])
  const led = Object.keys(API_ERROR_STATUS).map((code) => `/docs/errors#${code}`)
  expect(led.filter((place) => !places.has(place))).toEqual([])
})

test('every page has a title, a description and a place of its own', () => {
  const names = readdirSync(FOLDER).filter((name) => name.endsWith('.md'))
  const heads = names.map((name) => {
    const [, head = ''] = /^---\n([\s\S]*?)\n---\n/.exec(read(name.slice(0, -3))) ?? []
    return Object.fromEntries(head.split('\n').map((line) => line.split(': ', 2)))
  })
  expect(heads.filter(({ title, description, group }) => !title || !description || !group)).toEqual(
    [],
  )
  expect(new Set(heads.map(({ order }) => order)).size).toBe(names.length)
})
