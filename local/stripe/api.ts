import { createHash } from 'node:crypto'
import type { Answer, Route } from './call.ts'
import { catalogRoutes } from './catalog.ts'
import { checkoutRoutes } from './checkout-routes.ts'
import { customerRoutes } from './customers.ts'
import { endpointRoutes, type Secrets } from './endpoints.ts'
import { expandAll } from './expand.ts'
import { decodeForm } from './form.ts'
import { invoiceRoutes } from './invoice-routes.ts'
import { itemRoutes } from './item-routes.ts'
import { meterRoutes } from './meters.ts'
import { portalRoutes } from './portal.ts'
import { refundRoutes } from './refund-routes.ts'
import { Refusal } from './refusal.ts'
import { API_VERSION, newId } from './state.ts'
import { subscriptionRoutes } from './subscription-routes.ts'
import { testClockRoutes } from './test-clocks.ts'
import type { World } from './world.ts'

/** Answers are kept for their idempotency key for so long, s. */
const KEPT_S = 86_400
const LONGEST_KEY = 255

/** A call as it came over HTTP. */
export type ApiRequest = {
  readonly method: string
  readonly path: string
  readonly query: string
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: string
}
export type ApiResponse = {
  readonly status: number
  readonly body: object
  readonly headers: Readonly<Record<string, string>>
}

type Kept = { readonly print: string; readonly atS: number; readonly response: ApiResponse }

/** Stripe's API over a world: who calls, what is called, and once for each idempotency key. */
export class Api {
  readonly #world: World
  readonly #secretKey: string
  readonly #routes: readonly { method: string; parts: readonly string[]; answer: Answer }[]
  readonly #kept = new Map<string, Kept>()
  readonly #busy = new Set<string>()

  constructor(world: World, secretKey: string, secrets: Secrets) {
    this.#world = world
    this.#secretKey = secretKey
    const routes: readonly Route[] = [
      ['GET', '/v1/account', () => ({ id: world.account, object: 'account', country: 'US' })],
      ...customerRoutes,
      ...catalogRoutes,
      ...meterRoutes,
      ...checkoutRoutes,
      ...subscriptionRoutes,
      ...invoiceRoutes,
      ...refundRoutes,
      ...itemRoutes,
      ...portalRoutes,
      ...endpointRoutes(secrets),
      ...testClockRoutes,
    ]
    this.#routes = routes.map(([method, path, answer]) => ({
      method,
      parts: path.split('/'),
      answer,
    }))
  }

  /**
   * What a call must not be at the same time as: its idempotency key, or the meter and customer of its event.
   * @returns null for a call that may be beside any other
   */
  claimOf(request: ApiRequest): string | null {
    const key = keyOf(request)
    if (request.path === '/v1/billing/meter_events') {
      const params = decodeForm(request.body)
      const payload = Object(params?.['payload']) as Record<string, unknown>
      const { stripe_customer_id: customer } = payload
      return `meter ${String(params?.['event_name'])} ${String(customer)}`
    }
    return key === null ? null : `key ${key}`
  }

  /** Holds a claim while a call is under way. @returns false when another call holds it */
  claim(claim: string): boolean {
    if (this.#busy.has(claim)) return false
    this.#busy.add(claim)
    return true
  }

  release(claim: string): void {
    this.#busy.delete(claim)
  }

  /** Forgets every answer that was kept. */
  forget(): void {
    this.#kept.clear()
  }

  /** Keeps an answer that is not what the call came to. @param response what each repetition will get */
  keep(request: ApiRequest, response: ApiResponse): void {
    const key = keyOf(request)
    const kept = { print: printOf(request), atS: this.#world.nowS(), response }
    if (request.method === 'POST' && key !== null) this.#kept.set(key, kept)
  }

  /** What was kept for a call's key; undefined when nothing was. */
  replayed(request: ApiRequest): ApiResponse | undefined {
    const key = keyOf(request)
    if (request.method !== 'POST' || key === null) return undefined
    const kept = this.#kept.get(key)
    if (kept === undefined || this.#world.nowS() - kept.atS > KEPT_S) return undefined
    if (kept.print === printOf(request)) {
      const headers = { ...kept.response.headers, 'idempotent-replayed': 'true' }
      return { ...kept.response, headers }
    }
    const message = 'Keys for idempotent requests can only be used with the same parameters.'
    return answerTo(new Refusal(message, { type: 'idempotency_error' }))
  }

  /** Does a call, or answers as before when its key was used. */
  answer(request: ApiRequest): ApiResponse {
    try {
      this.#admit(request)
      const replayed = this.replayed(request)
      if (replayed !== undefined) return replayed
      const response = { status: 200, body: this.#run(request), headers: ownHeaders() }
      this.keep(request, response)
      return response
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      const response = answerTo(error)
      if (error.kept) this.keep(request, response)
      return response
    }
  }

  #admit({ headers, path }: ApiRequest): void {
    if (headers['authorization'] !== `Bearer ${this.#secretKey}`) {
      const [status, code] = [401, 'api_key_invalid']
      throw new Refusal('Invalid API Key provided.', { status, code })
    }
    const version = headers['stripe-version']
    if (version !== API_VERSION) {
      throw new Refusal(`Invalid Stripe API version: ${String(version)}`)
    }
    if ((keyOf({ headers }) ?? '').length > LONGEST_KEY) {
      throw new Refusal('Idempotency keys may be at most 255 characters long.')
    }
    if (!path.startsWith('/v1/') && !path.startsWith('/v2/')) throw unknown(path)
  }

  #run(request: ApiRequest): object {
    const { method, path } = request
    const parts = path.split('/')
    // What is named literally comes before what is named by an id.
    const [route] = this.#routes
      .filter((each) => each.method === method && matches(each.parts, parts))
      .sort((a, b) => idsIn(a.parts) - idsIn(b.parts))
    if (route === undefined) throw unknown(`${method} ${path}`)
    const params = paramsOf(request)
    const ids = parts.filter((_, at) => route.parts[at] === ':').map(decodeURIComponent)
    this.#world.asker = { id: newId('req'), key: keyOf(request) }
    try {
      const shown = route.answer({ world: this.#world, params, ids })
      return expandAll(this.#world, shown, params['expand'])
    } finally {
      this.#world.asker = null
    }
  }
}

/** An answer of what was refused. */
export function answerTo(refusal: Refusal): ApiResponse {
  return { status: refusal.status, body: refusal.body(), headers: ownHeaders() }
}

function ownHeaders(): Record<string, string> {
  return { 'request-id': newId('req'), 'stripe-version': API_VERSION }
}

function unknown(what: string): Refusal {
  return new Refusal(`Unrecognized request URL (${what}).`, { status: 404 })
}

function matches(route: readonly string[], parts: readonly string[]): boolean {
  return (
    route.length === parts.length && route.every((each, at) => each === ':' || each === parts[at])
  )
}

function idsIn(parts: readonly string[]): number {
  return parts.filter((each) => each === ':').length
}

function paramsOf({ method, path, query, headers, body }: ApiRequest): Record<string, unknown> {
  if (method !== 'POST' || body === '') return decoded(method === 'POST' ? body : query || body)
  const type = String(headers['content-type'] ?? '').split(';')[0]
  const wanted = path.startsWith('/v2/') ? 'application/json' : 'application/x-www-form-urlencoded'
  if (type !== wanted) throw new Refusal(`Invalid content type: ${type}.`, { status: 415 })
  if (wanted !== 'application/json') return decoded(body)
  const given: unknown = parsed(body)
  if (typeof given === 'object' && given !== null && !Array.isArray(given)) {
    return given as Record<string, unknown>
  }
  throw new Refusal('Invalid JSON.')
}

function decoded(text: string): Record<string, unknown> {
  const params = decodeForm(text)
  if (params === null) throw new Refusal('Invalid parameters.')
  return params
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

function keyOf({ headers }: Pick<ApiRequest, 'headers'>): string | null {
  const key = headers['idempotency-key']
  return typeof key === 'string' ? key : null
}

function printOf({ method, path, body }: ApiRequest): string {
  return createHash('sha256').update(`${method} ${path} ${body}`).digest('base64')
}
