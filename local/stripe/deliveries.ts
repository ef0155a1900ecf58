import { createHmac } from 'node:crypto'
import type { FaultPlan } from './faults.ts'
import type { Endpoint, Event } from './state.ts'
import type { World } from './world.ts'

/** So many deliveries may wait; what is beyond that is not sent, and found among the events alone. */
const MOST = 50_000
/** An endpoint that says nothing for so long is tried again. */
const PATIENCE_MS = 10_000
const COLLECTED = /\.test$/
/** So many are on their way at once. */
const AT_ONCE = 8

export type Delivery = {
  readonly url: string
  readonly body: string
  readonly headers: Readonly<Record<string, string>>
}

/** Sends events to who asked for them, signed, again until they are taken. */
export class Deliveries {
  /** Of endpoints whose host ends in `.test`: they are not sent, but kept for whoever fetches them. */
  readonly collected: { endpoint: Endpoint; event: Event }[] = []
  readonly #world: () => World
  readonly #faults: () => FaultPlan
  readonly #random: () => number
  readonly #retryMs: readonly number[]
  /** The last delivery to each endpoint: each waits for the one before. */
  readonly #last = new Map<string, Promise<void>>()
  readonly #timers = new Set<NodeJS.Timeout>()
  readonly #waiting: (() => void)[] = []
  #under = 0
  #pending = 0
  #stopped = false
  #idle: (() => void)[] = []

  constructor(
    world: () => World,
    faults: () => FaultPlan,
    random: () => number,
    retryMs: readonly number[],
  ) {
    this.#world = world
    this.#faults = faults
    this.#random = random
    this.#retryMs = retryMs
  }

  /** Sends an event to every endpoint that is for it. */
  send(event: Event): void {
    for (const endpoint of this.#world().state.endpoints.values()) {
      const wanted = endpoint.events.includes('*') || endpoint.events.includes(event.type)
      if (endpoint.disabled || endpoint.thin !== event.thin || !wanted) continue
      event.pending += 1
      const { drop, double } = this.#faults().webhooks
      if (this.#random() < drop || this.#pending >= MOST) continue
      const times = this.#random() < double ? 2 : 1
      for (let time = 0; time < times; time += 1) this.#queue(endpoint, event)
    }
  }

  /** Waits until nothing is on its way or waits to be tried again. */
  idle(): Promise<void> {
    if (this.#pending === 0) return Promise.resolve()
    return new Promise((done) => this.#idle.push(done))
  }

  /** What was collected, signed now; each is told once. */
  collect(): Delivery[] {
    return this.collected.splice(0).map(({ endpoint, event }) => {
      event.pending = Math.max(0, event.pending - 1)
      return { url: endpoint.url, ...signed(endpoint, event) }
    })
  }

  stop(): void {
    this.#stopped = true
    for (const timer of this.#timers) clearTimeout(timer)
  }

  #queue(endpoint: Endpoint, event: Event): void {
    if (COLLECTED.test(new URL(endpoint.url).hostname)) {
      this.collected.push({ endpoint, event })
      if (this.collected.length > MOST) this.collected.shift()
      return
    }
    this.#pending += 1
    const { shuffleMs, delayMs } = this.#faults().webhooks
    if (shuffleMs + delayMs > 0) {
      this.#later(
        delayMs + this.#random() * shuffleMs,
        () => void this.#deliver(endpoint, event, 0),
      )
      return
    }
    const before = this.#last.get(endpoint.id) ?? Promise.resolve()
    this.#last.set(
      endpoint.id,
      before.then(() => this.#deliver(endpoint, event, 0)),
    )
  }

  async #deliver(endpoint: Endpoint, event: Event, tries: number): Promise<void> {
    if (this.#stopped) return
    if (this.#under >= AT_ONCE) await new Promise<void>((go) => this.#waiting.push(go))
    this.#under += 1
    const { body, headers } = signed(endpoint, event)
    const signal = AbortSignal.timeout(PATIENCE_MS)
    const taken = await fetch(endpoint.url, { method: 'POST', body, headers, signal }).then(
      async (response) => {
        await response.arrayBuffer()
        return response.ok
      },
      () => false,
    )
    this.#under -= 1
    this.#waiting.shift()?.()
    const retryMs = this.#retryMs[tries]
    if (taken) event.pending = Math.max(0, event.pending - 1)
    else if (retryMs !== undefined && !this.#stopped) {
      this.#later(retryMs, () => void this.#deliver(endpoint, event, tries + 1))
      return
    }
    this.#pending -= 1
    if (this.#pending > 0) return
    for (const done of this.#idle.splice(0)) done()
  }

  #later(ms: number, work: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer)
      work()
    }, ms)
    this.#timers.add(timer)
  }
}

/**
 * An event as it is sent, with Stripe's signature as of the real second, whatever the clock of the stand-in says:
 * https://docs.stripe.com/webhooks#verify-manually
 */
function signed(endpoint: Endpoint, { shown }: Event): Omit<Delivery, 'url'> {
  const { data: _, ...notification } = shown as { data?: unknown }
  const body = JSON.stringify(endpoint.thin ? notification : shown)
  const atS = Math.floor(Date.now() / 1000)
  const mac = createHmac('sha256', endpoint.secret).update(`${atS}.${body}`).digest('hex')
  const headers = {
    'content-type': 'application/json; charset=utf-8',
    'stripe-signature': `t=${atS},v1=${mac}`,
    'user-agent': 'Stripe/1.0 (+https://stripe.com/docs/webhooks)',
  }
  return { body, headers }
}
