import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { expect } from 'vitest'
import { makeApp } from '../../worker/app.ts'
import type { Env } from '../../worker/env.ts'
import { type Answer, errorOf } from './api.ts'

/** The Worker in an isolate of its own: nothing of another one is in its memory. */
export class Edge {
  readonly #app = makeApp()
  readonly #env: Env

  /** @param changed bindings in place of the real ones */
  constructor(changed: Partial<Env> = {}) {
    this.#env = { ...env, ...changed }
  }

  /** Asks, and waits until all that the request has left behind is done. */
  async fetch(path: string, headers: Record<string, string>, method = 'GET'): Promise<Response> {
    const ctx = createExecutionContext()
    const request = new Request(`https://kalshibook.test${path}`, { headers, method })
    const response = await this.#app.fetch(request, this.#env, ctx)
    const { status } = response
    const body = status === 101 ? null : await response.arrayBuffer()
    await waitOnExecutionContext(ctx)
    return new Response(status === 304 ? null : body, { status, headers: response.headers })
  }

  /** Asks with a key. */
  async call(path: string, key: string, more: Record<string, string> = {}): Promise<Answer> {
    const response = await this.fetch(path, { 'X-API-Key': key, ...more })
    const text = await response.text()
    const body = text === '' ? {} : (JSON.parse(text) as Record<string, unknown>)
    return { status: response.status, headers: response.headers, body }
  }
}

/** The code of a refusal, whose envelope must be whole; else the status. */
export function codeOf(answer: Answer): string {
  return answer.status < 400 ? String(answer.status) : errorOf(answer).code
}

/** What an answer says of the rate. */
export function rateOf({ headers }: Pick<Answer, 'headers'>) {
  const [policy, rate] = [headers.get('RateLimit-Policy'), headers.get('RateLimit')]
  const most = /^"(plan|address)";q=(\d+);w=(\d+)$/.exec(policy ?? '')
  const now = /^"(plan|address)";r=(\d+);t=(\d+)$/.exec(rate ?? '')
  expect([policy, most?.[1]]).toEqual([policy, now?.[1]])
  return {
    policy: most?.[1],
    q: Number(most?.[2]),
    w: Number(most?.[3]),
    r: Number(now?.[2]),
    t: Number(now?.[3]),
  }
}
