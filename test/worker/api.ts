import { env, exports } from 'cloudflare:workers'
import { expect } from 'vitest'
import type { ErrorEnvelope } from '#core/wire/api'

export type Answer = {
  readonly status: number
  readonly headers: Headers
  // The shape is what the test that reads it says.
  readonly body: Record<string, unknown>
}

/** The header of a good key. */
export const GOOD = { Authorization: `Bearer ${env.TEST_KEYS.good}` }

/** Calls the Worker with a good key, unless other headers are given. */
export async function call(
  path: string,
  headers: Record<string, string> = GOOD,
  method = 'GET',
  body?: string,
): Promise<Answer> {
  const request = new Request(`https://kalshibook.test${path}`, {
    headers,
    method,
    ...(body === undefined ? {} : { body }),
  })
  const response = await exports.default.fetch(request)
  const text = await response.text()
  const told = text === '' ? {} : (JSON.parse(text) as Record<string, unknown>)
  return { status: response.status, headers: response.headers, body: told }
}

/** The data of an answer that must be 200. */
export async function dataOf<Data>(path: string): Promise<Data> {
  const answer = await call(path)
  expect(answer, JSON.stringify(answer.body)).toMatchObject({ status: 200 })
  return answer.body['data'] as Data
}

/** The error of an answer, in an envelope that must be whole. */
export function errorOf(answer: Answer): ErrorEnvelope['error'] {
  const { error, request_id } = answer.body as ErrorEnvelope
  expect(request_id).toMatch(/^req_[0-9a-f]{32}$/)
  expect(answer.headers.get('X-Request-Id')).toBe(request_id)
  expect(error.doc_url).toBe(`https://kalshibook.test/docs/errors#${error.code}`)
  expect(error.message.length).toBeGreaterThan(5)
  return error
}
