import { randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { ZodError } from 'zod'
import { Api, type ApiRequest, type ApiResponse, answerTo } from './api.ts'
import { fulfil, type Wish, wishes } from './control.ts'
import { Deliveries, type Delivery } from './deliveries.ts'
import { doDue } from './due.ts'
import { type FaultPlan, faultFor, NO_FAULTS } from './faults.ts'
import { decodeForm } from './form.ts'
import { keepState, keptState } from './kept-state.ts'
import { pageAt } from './pages.ts'
import { Refusal } from './refusal.ts'
import { emptyState } from './state.ts'
import { World, type WorldOptions } from './world.ts'

const LARGEST = 1_000_000
/** So many calls are remembered, for tests. */
const MOST_CALLS = 10_000
const TICK_MS = 1000
const CONTROL = '/_stand-in/'

export type StripeOptions = Partial<WorldOptions> & {
  readonly port?: number
  /** The only key that is taken; one is made when absent. */
  readonly secretKey?: string
  /** Of every webhook endpoint that is made; each has a random one when absent. */
  readonly webhookSecret?: string
  /** The same, of destinations of thin events. */
  readonly thinSecret?: string
  /** Where its clock stands, s; absent for the real one. */
  readonly atS?: number
  /** What is kept between runs; nothing when absent. */
  readonly stateFile?: string
  /** After so long (ms) a webhook that was not taken is sent again. */
  readonly webhookRetryMs?: readonly number[]
  /** Where Stripe's schema is at hand: what a call breaks of it. Such a call is answered 400, and said on stderr. */
  readonly problemsOf?: (call: SeenCall) => readonly string[]
  /** In [0, 1): what the faults are drawn from. */
  readonly random?: () => number
}

/** A call that was made, and how it was answered; null when the answer was lost. */
export type SeenCall = {
  readonly method: string
  readonly path: string
  readonly query: string
  readonly body: string
  readonly idempotencyKey: string | null
  readonly status: number | null
  readonly answer: object | null
}

/** A Stripe of our own: the calls that we make, with a clock that can be told the time. */
export type StripeStandIn = {
  readonly url: string
  readonly secretKey: string
  readonly world: World
  /** What a person, a bank or time does. Throws a Refusal. */
  control(wish: Wish, given: object): object
  /** Webhooks to hosts that end in `.test`; each is told once. */
  collected(): Delivery[]
  /** The calls since it was asked last. */
  calls(): SeenCall[]
  /** Waits until every webhook was taken or given up. */
  idle(): Promise<void>
  stop(): Promise<void>
}

/** Starts it on 127.0.0.1. Throws when the port is taken. */
export async function startStripe(options: StripeOptions = {}): Promise<StripeStandIn> {
  const random = options.random ?? Math.random
  const secretKey = options.secretKey ?? makeSecretKey(options.livemode ?? false)
  let faults: FaultPlan = NO_FAULTS
  const deliveries = new Deliveries(
    () => world,
    () => faults,
    random,
    options.webhookRetryMs ?? [1000, 5000, 15_000, 60_000],
  )
  const { draftHours = 24, retryDays = [3, 5, 7], afterRetries = 'canceled' } = options
  const livemode = options.livemode ?? false
  const settings: WorldOptions = { draftHours, retryDays, afterRetries, livemode }
  const world = new World(settings, options.atS ?? null, (event) => deliveries.send(event))
  if (options.stateFile !== undefined) world.state = keptState(options.stateFile) ?? world.state
  const secrets = { webhook: options.webhookSecret ?? null, thin: options.thinSecret ?? null }
  const api = new Api(world, secretKey, secrets)
  let calls: SeenCall[] = []
  const reset = () => {
    world.state = emptyState()
    world.freeze(options.atS ?? null)
    faults = NO_FAULTS
    api.forget()
    deliveries.collected.splice(0)
    calls = []
  }
  const control = (wish: Wish, given: object) =>
    fulfil(world, (plan) => (faults = plan), wish, given)
  const told: Record<string, (given: object) => object | Promise<object>> = {
    reset: () => {
      reset()
      return {}
    },
    collected: () => ({ deliveries: deliveries.collect() }),
    calls: () => ({ calls: calls.splice(0) }),
    idle: () => deliveries.idle().then(() => ({})),
  }
  for (const wish of Object.keys(wishes)) told[wish] = (given) => control(wish as Wish, given)

  const server = createServer((request, response) => {
    void handle(request, response).catch((error: unknown) => {
      console.error(error)
      response.writeHead(500).end()
    })
  })

  const handle = async (request: IncomingMessage, response: ServerResponse) => {
    const { pathname, search } = new URL(request.url ?? '/', 'http://stand-in')
    const method = request.method ?? 'GET'
    const body = await bodyOf(request)
    if (body === null)
      return respond(response, answerTo(new Refusal('Too large.', { status: 413 })))
    if (pathname.startsWith(CONTROL)) {
      const wish = told[pathname.slice(CONTROL.length)]
      return respond(response, await obey(wish, body))
    }
    const page = pageAt(world, pathname, method === 'POST' ? decodeForm(body) : null)
    if (page?.kind === 'elsewhere') {
      response.writeHead(303, { location: page.url }).end()
      return
    }
    if (page !== null) {
      const type = 'text/html; charset=utf-8'
      response.writeHead(page.status, { 'content-type': type }).end(page.html)
      return
    }
    const query = search.slice(1)
    const asked = { method, path: pathname, query, headers: request.headers, body }
    const unseen = { idempotencyKey: null, status: null, answer: null }
    const problems = options.problemsOf?.({ method, path: pathname, query, body, ...unseen }) ?? []
    if (problems.length > 0) {
      console.error(`A call breaks Stripe's schema: ${problems.join('; ')}`)
      return respond(response, answerTo(new Refusal(`Against the schema: ${problems.join('; ')}`)))
    }
    const answer = await meet(asked)
    const key = request.headers['idempotency-key']
    calls.push({
      method,
      path: pathname,
      query,
      body,
      idempotencyKey: typeof key === 'string' ? key : null,
      status: answer?.status ?? null,
      answer: answer?.body ?? null,
    })
    if (calls.length > MOST_CALLS) calls.shift()
    if (answer === null) request.socket.destroy()
    else respond(response, answer)
  }

  /** Does a call with whatever trouble it meets; null when its answer is lost. */
  const meet = async (asked: ApiRequest): Promise<ApiResponse | null> => {
    const claim = asked.method === 'POST' ? api.claimOf(asked) : null
    if (claim !== null && !api.claim(claim)) {
      if (claim.startsWith('meter'))
        return answerTo(new Refusal('Too many calls.', { status: 429 }))
      const type = 'idempotency_error'
      const refusal = { status: 409, type, code: 'idempotency_key_in_use' }
      return answerTo(new Refusal('There is such a request under way.', refusal))
    }
    try {
      // Others may come while it is under way.
      await new Promise((done) => setImmediate(done))
      return troubled(asked)
    } finally {
      if (claim !== null) api.release(claim)
    }
  }

  const troubled = (asked: ApiRequest): ApiResponse | null => {
    const fault = faultFor(faults, asked.path, random())
    if (fault === 'lostBefore') return null
    if (fault === 'limited') {
      return answerTo(new Refusal('Too many requests.', { status: 429, code: 'rate_limit' }))
    }
    const replayed = api.replayed(asked)
    if (fault === 'failed' && replayed === undefined) return fail(asked)
    const answer = api.answer(asked)
    if (fault === 'twice') return api.answer(asked)
    if (fault === 'failedDone' && replayed === undefined && answer.status === 200)
      return fail(asked)
    return fault === 'lostAfter' ? null : answer
  }

  const fail = (asked: ApiRequest): ApiResponse => {
    const refusal = new Refusal('An unknown error occurred.', { status: 500, type: 'api_error' })
    const answer = answerTo(refusal)
    if (faults.kept) api.keep(asked, answer)
    return answer
  }

  // An idle connection that we closed would be lost under the next call, and look like a fault that nobody asked for.
  server.keepAliveTimeout = 0
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port ?? 0, '127.0.0.1', resolve)
  })
  world.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const tick = setInterval(() => {
    if (!world.frozen) doDue(world, null, world.nowS())
    if (options.stateFile !== undefined) keepState(options.stateFile, world.state)
  }, TICK_MS)
  return {
    url: world.url,
    secretKey,
    world,
    control,
    collected: () => deliveries.collect(),
    calls: () => calls.splice(0),
    idle: () => deliveries.idle(),
    stop: async () => {
      clearInterval(tick)
      deliveries.stop()
      if (options.stateFile !== undefined) keepState(options.stateFile, world.state)
      const closed = new Promise((done) => server.close(done))
      server.closeAllConnections()
      await closed
    },
  }
}

/** A key as Stripe's are, for one run. */
export function makeSecretKey(livemode: boolean): string {
  return ['sk', livemode ? 'live' : 'test', randomBytes(24).toString('hex')].join('_')
}

async function obey(
  wish: ((given: object) => object | Promise<object>) | undefined,
  body: string,
): Promise<ApiResponse> {
  const headers = {}
  if (wish === undefined) return answerTo(new Refusal('No such wish.', { status: 404 }))
  try {
    return { status: 200, body: await wish(JSON.parse(body || '{}') as object), headers }
  } catch (error) {
    if (error instanceof Refusal) return answerTo(error)
    if (error instanceof ZodError || error instanceof SyntaxError) {
      return answerTo(new Refusal(error.message))
    }
    throw error
  }
}

async function bodyOf(request: IncomingMessage): Promise<string | null> {
  const parts: Buffer[] = []
  let size = 0
  for await (const part of request) {
    parts.push(part as Buffer)
    size += (part as Buffer).length
    if (size > LARGEST) return null
  }
  return Buffer.concat(parts).toString()
}

function respond(response: ServerResponse, { status, body, headers }: ApiResponse): void {
  const all = { 'content-type': 'application/json', ...headers }
  response.writeHead(status, all).end(JSON.stringify(body))
}
