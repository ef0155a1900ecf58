import { env, exports } from 'cloudflare:workers'
import type { TransactionSql } from 'postgres'
import { beforeAll, expect, test, vi } from 'vitest'
import type { Micros } from '#core/instant'
import type { Epoch, Seq } from '#core/log'
import { seqOf } from '#core/log'
import { call, errorOf } from './api.ts'
import { asOwner, setWatermark, storeGap, storeMarket, storeRecords } from './store.ts'

const T = 'ANSWER-26NOV22-T1'
const GAPS = `/v1/markets/${T}/gaps`
const START = (Date.now() * 1000 - 3_600_000_000) as Micros
const at = (seconds: number) => (START + seconds * 1_000_000) as Micros
const seq = (n: number): Seq => seqOf(1 as Epoch, n)
const COUNT = 7

beforeAll(async () => {
  const id = await storeMarket(T)
  const first = { kind: 'snapshot', seq: seq(0), recv: at(0), event: null } as const
  await storeRecords(id, [{ ...first, reason: 'first', yes: [], no: [] }])
  for (let n = 1; n <= COUNT; n++) {
    const bounds = { from: at(n * 10), to: at(n * 10 + 5), noticed: at(n * 10 + 5) }
    await storeGap(id, { seq: seq(n), cause: 'cut', ...bounds, prevSeq: null })
  }
  await setWatermark(at(1000))
})

/** Calls with an `Accept` of its own. */
function ask(path: string, accept: string, more: Record<string, string> = {}): Promise<Response> {
  const headers = { Authorization: `Bearer ${env.TEST_KEYS.good}`, Accept: accept, ...more }
  return exports.default.fetch(new Request(`https://kalshibook.test${path}`, { headers }))
}

async function linesOf(answer: Response): Promise<Record<string, unknown>[]> {
  expect(answer.status).toBe(200)
  expect(answer.headers.get('Content-Type')).toContain('application/x-ndjson')
  return new TextDecoder()
    .decode(await answer.arrayBuffer())
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
}

test('NDJSON has the rows of all pages and a last line that says that it is whole', async () => {
  const page = (await call(GAPS)).body
  const lines = await linesOf(await ask(GAPS, 'application/x-ndjson'))
  expect(lines.slice(0, -1)).toEqual(page['data'])
  expect(lines.at(-1)).toEqual({ type: 'end', records: COUNT, through_us: at(1000), credits: 1 })
})

test('a stream that is bounded says where it goes on, and goes on there', async () => {
  const whole = await linesOf(await ask(GAPS, 'application/x-ndjson'))
  const part = await linesOf(await ask(`${GAPS}?limit=3`, 'application/x-ndjson'))
  const end = part.at(-1) as { records: number; cursor: string }
  expect(end).toMatchObject({ type: 'end', records: 3 })
  const rest = await linesOf(await ask(`${GAPS}?cursor=${end.cursor}`, 'application/x-ndjson'))
  expect([...part.slice(0, -1), ...rest.slice(0, -1)]).toEqual(whole.slice(0, -1))
})

test('a stream that is bounded by all that there is does not go on', async () => {
  const lines = await linesOf(await ask(`${GAPS}?limit=${COUNT}`, 'application/x-ndjson'))
  expect(lines.at(-1)).toEqual({ type: 'end', records: COUNT, through_us: at(1000), credits: 1 })
})

test('CSV has a header and a line for each row', async () => {
  const answer = await ask(GAPS, 'text/csv')
  expect(answer.headers.get('Content-Type')).toContain('text/csv')
  const lines = (await answer.text()).split('\n')
  expect(lines[0]).toBe('seq,cause,from_us,to_us,prev_seq,recv_us')
  expect(lines[1]).toBe(`${seq(1)},cut,${at(10)},${at(15)},,${at(15)}`)
  expect(lines).toHaveLength(COUNT + 2)
  expect(lines.at(-1)).toBe('')
  const none = await ask(`${GAPS}?from=${at(900)}`, 'text/csv')
  expect(await none.text()).toBe(`${lines[0]}\n`)
})

test('desc is the same list from its other end, page by page', async () => {
  const up = (await call(GAPS)).body['data'] as unknown[]
  const rows: unknown[] = []
  for (let cursor = ''; ; ) {
    const { body } = await call(`${GAPS}?order=desc&limit=3${cursor}`)
    rows.push(...(body['data'] as unknown[]))
    if (body['next_cursor'] === null) break
    cursor = `&cursor=${body['next_cursor']}`
  }
  expect(rows).toEqual([...up].reverse())
})

test('what a stream prefers is taken from Accept, and JSON is what everybody else gets', async () => {
  const types = [
    ['*/*', 'application/json'],
    ['text/html', 'application/json'],
    ['text/csv;q=0.5, application/x-ndjson', 'application/x-ndjson'],
    ['application/json, text/csv;q=0.9', 'application/json'],
  ] as const
  for (const [accept, type] of types) {
    const answer = await ask(GAPS, accept)
    expect(answer.headers.get('Content-Type')).toContain(type)
    await answer.text()
  }
})

test('a stream is packed for who takes gzip', async () => {
  const packed = await ask(GAPS, 'application/x-ndjson', { 'Accept-Encoding': 'br, gzip;q=0.8' })
  expect(packed.headers.get('Content-Encoding')).toBe('gzip')
  const plain = await ask(GAPS, 'application/x-ndjson', { 'Accept-Encoding': 'gzip;q=0, br' })
  expect(plain.headers.get('Content-Encoding')).toBeNull()
  expect(await linesOf(packed)).toEqual(await linesOf(plain))
})

test('an answer is not sent again to who has it', async () => {
  const first = await call(GAPS)
  const etag = String(first.headers.get('ETag'))
  expect(etag).toMatch(/^"[\w-]{24}"$/)
  expect(first.headers.get('Cache-Control')).toBe('private, no-cache')
  expect(first.headers.get('Vary')).toBe('Authorization, X-API-Key, Accept, Accept-Encoding')
  expect(first.headers.get('X-Credits-Cost')).toBe('1')
  const key = { Authorization: `Bearer ${env.TEST_KEYS.good}` }
  const again = await call(GAPS, { ...key, 'If-None-Match': etag })
  expect(again).toMatchObject({ status: 304, body: {} })
  expect(again.headers.get('X-Credits-Cost')).toBe('0')
  const other = await call(`${GAPS}?limit=1`, { ...key, 'If-None-Match': etag })
  expect(other.status).toBe(200)
  const past = await call(`${GAPS}?to=${at(60)}`)
  expect(past.headers.get('Cache-Control')).toBe('private, max-age=3600')
})

test('a range that the plan does not stream is refused, though not as pages', async () => {
  const years = `${GAPS}?from=${at(0) - 400 * 86_400_000_000}`
  const answer = await ask(years, 'text/csv')
  expect(answer.status).toBe(422)
  const body = (await answer.json()) as Record<string, unknown>
  expect(errorOf({ status: 422, headers: answer.headers, body })).toMatchObject({
    code: 'range_too_large',
    param: 'from',
    message: expect.stringContaining('366 days'),
  })
  expect((await call(years)).status).toBe(200)
})

test('a stream of what is not there is refused before it begins', async () => {
  expect((await ask('/v1/markets/NOBODY/gaps', 'application/x-ndjson')).status).toBe(404)
  expect((await ask(`${GAPS}?cursor=1.x`, 'text/csv')).status).toBe(422)
})

/**
 * Waits until the Worker waits for a table that `tx` holds. The server has the databases of other files too, which run beside
 * this one. @returns the pid of the backend that serves it
 */
async function waiting(tx: TransactionSql): Promise<number> {
  for (;;) {
    const [row] = await tx`
      select pid from pg_stat_activity
      where usename = 'kb_reader' and datname = current_database() and wait_event_type = 'Lock'`
    if (row !== undefined) return row['pid']
  }
}

/** Asks for a stream whose first row waits for a table, and then does something about it. */
function askWhileHeld<Result>(
  path: string,
  accept: string,
  then: (answer: Response, tx: TransactionSql, pid: number) => Promise<Result>,
): Promise<Result> {
  return asOwner((sql) =>
    sql.begin(async (tx) => {
      await tx`lock table kb.book_gaps in access exclusive mode`
      const asked = ask(path, accept)
      return then(await asked, tx, await waiting(tx))
    }),
  ) as Promise<Result>
}

test('NDJSON that breaks off before its first row says to go on where it was to begin', async () => {
  const { next_cursor: cursor } = (await call(`${GAPS}?limit=2`)).body
  const broken = (path: string) =>
    askWhileHeld(path, 'application/x-ndjson', async (answer, tx, pid) => {
      await tx`select pg_terminate_backend(${pid})`
      return linesOf(answer)
    })
  const error = { type: 'error', code: 'upstream_degraded', message: expect.any(String) }
  expect(await broken(`${GAPS}?cursor=${cursor}`)).toEqual([{ ...error, cursor }])
  expect(await broken(GAPS)).toEqual([{ ...error, cursor: null }])
})

test('CSV that cannot finish does not end', async () => {
  const ended = await askWhileHeld(GAPS, 'text/csv', async (answer, tx, pid) => {
    await tx`select pg_terminate_backend(${pid})`
    return answer.text().then(
      () => true,
      () => false,
    )
  })
  expect(ended).toBe(false)
})

test.each(['application/x-ndjson', 'text/csv'])(
  'who leaves while %s waits for Postgres leaves nothing behind, and that is no fault of ours',
  async (accept) => {
    const said = vi.spyOn(console, 'error')
    try {
      await askWhileHeld(GAPS, accept, (answer) => answer.body?.cancel() ?? Promise.reject())
      await expect.poll(connections).toBe(0)
      expect(said).not.toHaveBeenCalled()
    } finally {
      said.mockRestore()
    }
  },
)

/** How many connections the Worker has for market data. */
async function connections(): Promise<number> {
  const [row] = await asOwner(
    (sql) => sql`
      select count(*)::int as n from pg_stat_activity
      where usename = 'kb_reader' and datname = current_database()`,
  )
  return row?.['n']
}
