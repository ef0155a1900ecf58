import { env, exports } from 'cloudflare:workers'
import { expect } from 'vitest'
import { call } from './api.ts'

type Row = Record<string, unknown>

/** Every row of a list, page by page. */
export async function allPages(address: string, limit: number): Promise<Row[]> {
  const rows: Row[] = []
  const joint = address.includes('?') ? '&' : '?'
  for (let cursor = ''; ; ) {
    const { status, body } = await call(`${address}${joint}limit=${limit}${cursor}`)
    expect(status, JSON.stringify(body)).toBe(200)
    const page = body as { data: Row[]; next_cursor: string | null }
    expect(page.data.length).toBeLessThanOrEqual(limit)
    rows.push(...page.data)
    if (page.next_cursor === null) return rows
    cursor = `&cursor=${encodeURIComponent(page.next_cursor)}`
  }
}

/** A list as a stream of an `Accept` of its own. */
export async function streamed(
  address: string,
  accept: 'application/x-ndjson' | 'text/csv',
): Promise<{ readonly headers: Headers; readonly lines: readonly string[] }> {
  const headers = { Authorization: `Bearer ${env.TEST_KEYS.good}`, Accept: accept }
  const request = new Request(`https://kalshibook.test${address}`, { headers })
  const answer = await exports.default.fetch(request)
  const text = new TextDecoder().decode(await answer.arrayBuffer())
  expect(answer.status, text).toBe(200)
  return { headers: answer.headers, lines: text.trimEnd().split('\n') }
}
