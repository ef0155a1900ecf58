import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { Hono } from 'hono'
import { expect, test } from 'vitest'
import type { App } from '../../worker/context.ts'
import { type Database, DatabaseAwayError, openDatabase } from '../../worker/database.ts'
import { CSV_TYPE, NDJSON_TYPE } from '../../worker/format.ts'
import { PaidRows } from '../../worker/gate/paid-rows.ts'
import type { Batch, List } from '../../worker/list.ts'
import { type RowStream, streamRows } from '../../worker/stream-rows.ts'

type Row = { readonly n: number }

/** Rows of which the second batch never comes. */
async function* stalling(): AsyncGenerator<Batch<Row>> {
  yield { rows: [{ n: 1 }], throughUs: null, next: ['1'] }
  await new Promise(() => {})
}

const LIST: List<Row, Row> = {
  route: '/',
  params: {},
  cost: 'rows',
  asked: { cursor: undefined, limit: undefined },
  wire: (row) => row,
  position: ({ n }) => [String(n)],
  columns: [['n', ({ n }) => n]],
  open: () => Promise.reject(new Error('it was opened')),
}

/** Streams what stalls, of a database whose patience ends a moment after its first answer. */
async function streamStalling(format: RowStream<Row, Row>['format']) {
  const ctx = createExecutionContext()
  const told = {
    closed: false,
    reserved: 1,
    settled: [] as number[],
    handOver: () => {},
    nextBlock: () => Promise.reject(new Error('another block was asked for')),
    settle: (credits: number) => void told.settled.push(credits),
  }
  const app = new Hono<App>().get('/', (c) => {
    const real = openDatabase(env.HYPERDRIVE_READER.connectionString, (bye) => ctx.waitUntil(bye))
    let steps = 0
    const data: Database = {
      run(run) {
        steps += 1
        const late = async () => {
          await real.run((sql) => sql`select 1`)
          throw new DatabaseAwayError('too late')
        }
        return steps === 1 ? real.run(run) : Promise.race([real.run(run), late()])
      },
      close() {
        told.closed = true
        real.close()
      },
    }
    return streamRows(c, {
      list: LIST,
      opened: { ok: true, batches: stalling(), range: null },
      after: null,
      most: 100,
      format,
      data,
      paid: new PaidRows(told, 'rows', 100),
      cursorAt: async (position) => `after ${position}`,
    })
  })
  const answer = await app.request('/', {}, env, ctx)
  return { answer, told, ctx }
}

test('NDJSON says that it broke off though Postgres never answers, and keeps no connection', async () => {
  const { answer, told, ctx } = await streamStalling(NDJSON_TYPE)
  const text = new TextDecoder().decode(await answer.arrayBuffer())
  const lines = text.trimEnd().split('\n')
  expect(lines.map((line) => JSON.parse(line))).toEqual([
    { n: 1 },
    { type: 'error', code: 'upstream_degraded', message: expect.any(String), cursor: 'after 1' },
  ])
  expect(told.closed).toBe(true)
  expect(told.settled).toEqual([1])
  await waitOnExecutionContext(ctx)
})

test('CSV breaks off though Postgres never answers, and keeps no connection', async () => {
  const { answer, told, ctx } = await streamStalling(CSV_TYPE)
  await expect(answer.text()).rejects.toMatchObject({ code: 'database_away' })
  expect(told.closed).toBe(true)
  expect(told.settled).toEqual([1])
  await waitOnExecutionContext(ctx)
})
