import { env } from 'cloudflare:workers'
import { expect, test } from 'vitest'
import { DatabaseAwayError } from '../../worker/database.ts'
import { withLine } from '../../worker/database-line.ts'
import { Inbox, readCells } from '../../worker/postgres-messages.ts'
import type { Ask } from '../../worker/store/ask.ts'

function online<Result>(run: (ask: Ask) => Promise<Result>, address?: string | null) {
  return withLine(address === undefined ? env.OWNER.connectionString : address, run)
}

test('columns come as Postgres prints them, nulls and texts of any letters and length too', async () => {
  const long = 'é'.repeat(100_000)
  const rows = await online((ask) =>
    ask({
      text: "select n, $1::text, $2::text, null::int, 9007199254740993::int8, '' from generate_series(1, 50) n",
      params: [long, null],
    }),
  )
  expect(rows).toHaveLength(50)
  expect(rows[49]).toEqual(['50', long, null, null, '9007199254740993', ''])
})

test('parameters are values, whatever is in them', async () => {
  const odd = `'; drop table kb.markets; -- \\ $1 "`
  expect(await online((ask) => ask({ text: 'select $1', params: [odd] }))).toEqual([[odd]])
})

test('what Postgres refuses is told with its code, and the line stays good', async () => {
  const told = await online(async (ask) => {
    const refusal = await ask({ text: 'select 1 / $1::int', params: ['0'] }).catch((error) => error)
    const rows = await ask({ text: 'select 1', params: [] })
    return { refusal, rows }
  })
  expect(told.refusal).toMatchObject({ name: 'PostgresError', code: '22012' })
  expect(told.rows).toEqual([['1']])
})

test('questions that are asked at once are answered each with its own', async () => {
  const numbers = Array.from({ length: 20 }, (_, i) => String(i))
  const answers = await online((ask) =>
    Promise.all(numbers.map((n) => ask({ text: 'select $1', params: [n] }))),
  )
  expect(answers).toEqual(numbers.map((n) => [[n]]))
})

test.each(['asked_md5', 'asked_plainly'])(
  '%s logs in with its password and no other',
  async (role) => {
    const address = new URL(env.OWNER.connectionString)
    address.username = role
    address.password = encodeURIComponent('of tests')
    const ask = (run: Ask) => run({ text: 'select current_user::text', params: [] })
    expect(await online(ask, address.href)).toEqual([[role]])
    address.password = 'wrong'
    await expect(online(ask, address.href)).rejects.toThrow(DatabaseAwayError)
  },
)

test('no binding, nobody there, a wrong password and a server that hangs up are all away', async () => {
  const wrong = new URL(env.OWNER.connectionString)
  wrong.password = 'wrong'
  const nobody = 'postgres://somebody:wrong@127.0.0.1:1/none'
  const ask = (run: Ask) => run({ text: 'select 1', params: [] })
  for (const address of [null, wrong.href, nobody]) {
    await expect(online(ask, address)).rejects.toThrow(DatabaseAwayError)
  }
  const killed = online((each) =>
    each({ text: 'select pg_terminate_backend(pg_backend_pid())', params: [] }),
  )
  await expect(killed).rejects.toThrow(DatabaseAwayError)
})

const MESSAGES = [
  { letter: 'Z', body: Uint8Array.of(73) },
  { letter: 'D', body: Uint8Array.of(0, 2, 0, 0, 0, 1, 55, 255, 255, 255, 255) },
  { letter: '1', body: new Uint8Array(0) },
]

function bytesOf(messages: typeof MESSAGES): Uint8Array {
  return Uint8Array.from(
    messages.flatMap(({ letter, body }) => [
      letter.charCodeAt(0),
      0,
      0,
      (body.length + 4) >> 8,
      (body.length + 4) & 255,
      ...body,
    ]),
  )
}

test('messages are taken whole, wherever they were cut on their way', () => {
  const long = { letter: 'd', body: new Uint8Array(40_000).fill(7) }
  const messages = [...MESSAGES, long, ...MESSAGES]
  const bytes = bytesOf(messages)
  for (const step of [1, 3, 7, 1000, bytes.length]) {
    const inbox = new Inbox()
    const taken: { letter: string; body: number[] }[] = []
    for (let at = 0; at < bytes.length; at += step) {
      inbox.push(bytes.subarray(at, at + step))
      for (let next = inbox.take(); next !== null; next = inbox.take()) {
        taken.push({ letter: next.letter, body: [...next.body] })
      }
    }
    expect(taken).toEqual(messages.map(({ letter, body }) => ({ letter, body: [...body] })))
  }
  expect(readCells(MESSAGES[1]?.body ?? new Uint8Array(0))).toEqual(['7', null])
})

test('a length that no message has is refused', () => {
  for (const length of [
    [0, 0, 0, 3],
    [127, 0, 0, 0],
    [255, 255, 255, 255],
  ]) {
    const inbox = new Inbox()
    inbox.push(Uint8Array.of(68, ...length))
    expect(() => inbox.take()).toThrow(RangeError)
  }
})
