import { env } from 'cloudflare:workers'
import { beforeAll, expect, test } from 'vitest'
import { SCOPES, type Scope } from '#core/scope'
import { call, errorOf } from './api.ts'
import {
  type Api,
  addressOf,
  answerFaults,
  type Described,
  methodOf,
  neededOf,
  readApi,
} from './described.ts'
import { fillStore } from './filled-store.ts'

let api: Api

beforeAll(async () => {
  await fillStore()
  api = await readApi()
})

const keyed = () => api.operations.filter(({ operation }) => operation.security?.length !== 0)
const scopesOf = ({ operation }: Described) => [
  ...new Set((operation.security ?? []).flatMap((each) => Object.values(each).flat())),
]
const isBook = ({ path }: Described) => path.includes('/orderbook')

/** The codes that keys of one scope each get. */
async function codesFor(each: Described, address: string): Promise<Record<Scope, string>> {
  const codes: Partial<Record<Scope, string>> = {}
  for (const scope of SCOPES) {
    const answer = await call(address, { 'X-API-Key': env.TEST_KEYS[scope] }, methodOf(each))
    codes[scope] = answer.status < 400 ? 'ok' : errorOf(answer).code
    if (codes[scope] === 'forbidden') expect(answerFaults(api, each, answer)).toEqual([])
  }
  return codes as Record<Scope, string>
}

test('each operation names its scopes, and takes a key with any one of them and no other', async () => {
  const faults: string[] = []
  for (const each of keyed()) {
    const needed = scopesOf(each)
    if (needed.length === 0) faults.push(`${each.path} names no scope`)
    if (isBook(each)) continue
    const codes = await codesFor(each, addressOf(each, neededOf(each)))
    for (const scope of SCOPES) {
      const taken = codes[scope] !== 'forbidden'
      if (taken !== needed.includes(scope)) faults.push(`${each.path} ${scope}: ${codes[scope]}`)
    }
  }
  expect(faults).toEqual([])
})

test('a book takes live for now, and history for an instant or a record', async () => {
  const books = keyed().filter(isBook)
  expect(books).toHaveLength(3)
  for (const each of books) {
    expect(scopesOf(each)).toEqual(['live', 'history'])
    const needed = neededOf(each)
    const now = await codesFor(each, addressOf(each, needed))
    expect(now, each.path).toMatchObject({ history: 'forbidden', account: 'forbidden' })
    expect(now.live, each.path).not.toBe('forbidden')
    const ways = each.parameters.filter(({ name }) => name === 'at' || name === 'at_seq')
    expect(ways.length).toBeGreaterThan(0)
    for (const { name, example } of ways) {
      const then = await codesFor(each, addressOf(each, { ...needed, [name]: example }))
      expect(then, name).toMatchObject({ live: 'forbidden', account: 'forbidden' })
      expect(then.history, name).not.toBe('forbidden')
    }
  }
})

test('a scope comes before anything is looked for: what is not there is no less forbidden', async () => {
  const headers = { 'X-API-Key': env.TEST_KEYS.history }
  for (const path of [
    '/v1/markets/NO-SUCH-T1/stream',
    '/v1/markets/NO-SUCH-T1/orderbook',
    '/v1/markets/a%20b/orderbook?surprise=1',
  ]) {
    const answer = await call(path, { ...headers, Upgrade: 'websocket' })
    expect(errorOf(answer).code, path).toBe('forbidden')
  }
})

test('a refusal says which scope is missing', async () => {
  const answer = await call('/v1/orderbooks?tickers=A', { 'X-API-Key': env.TEST_KEYS.history })
  expect(errorOf(answer).message).toContain('live')
})
