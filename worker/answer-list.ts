import type { Context } from 'hono'
import type { ApiError } from '#core/api-error'
import { type Caching, cachingOfPast } from '#core/caching'
import { pageCredits } from '#core/credit'
import type { Micros } from '#core/instant'
import { planOf } from '#core/plan'
import { streamedRangeFault } from '#core/streamed-range'
import { answerJson } from './answer.ts'
import { type App, openMarketData, readMarketData } from './context.ts'
import { type Format, formatOf, JSON_TYPE } from './format.ts'
import { PaidRows } from './gate/paid-rows.ts'
import type { Batch, List } from './list.ts'
import { nowUs } from './now.ts'
import { openPage, type PageStart } from './page.ts'
import { PAGE_ROWS } from './params.ts'
import { refuse } from './refuse.ts'
import { PAGE_STATEMENT_MS, STREAM_STATEMENT_MS, withStatementLimit } from './statement-limit.ts'
import { streamRows } from './stream-rows.ts'

/** A page that finds too few rows in so long (ms) ends there and says where to go on. */
const PAGE_MS = 2000

/** Answers with a page of a list as JSON, or with all of it as a stream of NDJSON or CSV, as `Accept` asks. */
export async function answerList<Row, Wire extends object>(
  c: Context<App>,
  list: List<Row, Wire>,
): Promise<Response> {
  const page = await openPage(c, list, list.asked.cursor)
  if (!page.ok) return refuse(c, page.error)
  const format = formatOf(c)
  return format === JSON_TYPE ? answerPage(c, list, page) : answerStream(c, list, page, format)
}

type Started = Extract<PageStart, { ok: true }>

async function answerPage<Row, Wire extends object>(
  c: Context<App>,
  list: List<Row, Wire>,
  page: Started,
): Promise<Response> {
  const limit = list.asked.limit ?? PAGE_ROWS
  const read = await readMarketData(c, (sql) =>
    withStatementLimit(sql, PAGE_STATEMENT_MS, async () => {
      const start = { after: page.position, most: limit + 1, streamed: false }
      const opened = await list.open(sql, start)
      return opened.ok ? { ...opened, ...(await gather(opened.batches, limit)) } : opened
    }),
  )
  if ('error' in read) return refuse(c, read.error)
  const shown = read.rows.slice(0, limit)
  const last = shown.at(-1)
  const next = read.rows.length > limit && last !== undefined ? list.position(last) : read.next
  const nextCursor = next && (await page.cursorAt(next))
  const credits = pageCredits(list.cost, shown.length)
  const told = { through_us: read.throughUs, ...(read.holes && { holes: read.holes }) }
  const meta = { request_id: c.get('requestId'), credits, ...told }
  const caching = cachingOf(read.range?.toUs ?? null, read.throughUs)
  const data = JSON.stringify(shown.map(list.wire))
  return answerJson(c, data, { next_cursor: nextCursor, meta }, { caching, credits })
}

/** A past of which not all rows are final may be told differently a moment later. */
function cachingOf(toUs: Micros | null, throughUs: Micros | null): Caching {
  if (toUs === null || throughUs === null || throughUs < toUs - 1) return 'check'
  return cachingOfPast(toUs, nowUs())
}

async function gather<Row>(batches: AsyncIterable<Batch<Row>>, limit: number) {
  const rows: Row[] = []
  const until = Date.now() + PAGE_MS
  let last: Omit<Batch<Row>, 'rows'> = { throughUs: null, next: null }
  for await (const batch of batches) {
    rows.push(...batch.rows)
    last = batch
    if (rows.length > limit || Date.now() > until) break
  }
  return { rows, throughUs: last.throughUs, next: last.next }
}

async function answerStream<Row, Wire extends object>(
  c: Context<App>,
  list: List<Row, Wire>,
  page: Started,
  format: Exclude<Format, typeof JSON_TYPE>,
): Promise<Response> {
  const most = list.asked.limit ?? Number.MAX_SAFE_INTEGER
  const data = openMarketData(c)
  const refused = (error: ApiError) => {
    data.close()
    return refuse(c, error)
  }
  try {
    const after = page.position
    const start = { after, most: most + 1, streamed: true }
    const opened = await data.run((sql) =>
      withStatementLimit(sql, STREAM_STATEMENT_MS, () => list.open(sql, start)),
    )
    if (!opened.ok) return refused(opened.error)
    const admitted = await c.get('meter').admitted()
    if (!admitted.ok) return refused(admitted.error)
    const fault = opened.range && streamedRangeFault(opened.range, planOf(admitted.plan))
    if (fault !== null) return refused(fault)
    const paid = new PaidRows(c.get('meter'), list.cost, most)
    return streamRows(c, { list, opened, after, most, format, data, paid, cursorAt: page.cursorAt })
  } catch (error) {
    data.close()
    throw error
  }
}
