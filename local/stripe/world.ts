import {
  API_VERSION,
  type Customer,
  type Event,
  emptyState,
  newId,
  type Shown,
  type State,
} from './state.ts'

export type WorldOptions = {
  /** Invoices of a new period stay drafts for so long, h. */
  readonly draftHours: number
  /** Days between the charges of an invoice that is not paid; after the last the subscription ends. */
  readonly retryDays: readonly number[]
  /** What it becomes then. */
  readonly afterRetries: 'canceled' | 'unpaid'
  readonly livemode: boolean
}

/** Who asked for what is being done. */
export type Asker = { readonly id: string; readonly key: string | null }

/** What the stand-in knows, its clocks, and the events that come of what it does. */
export class World {
  readonly options: WorldOptions
  readonly account: string
  state: State = emptyState()
  /** The request that is being done. */
  asker: Asker | null = null
  /** Where its pages are. */
  url = ''
  /** The second that what is being done happens at, while a clock goes forward. */
  #doing: number | null = null
  #frozen: number | null
  readonly #onEvent: (event: Event) => void

  /** @param atS where its clock stands; null for the real one */
  constructor(options: WorldOptions, atS: number | null, onEvent: (event: Event) => void) {
    this.options = options
    this.account = this.state.account
    this.#frozen = atS
    this.#onEvent = onEvent
  }

  /** Now, by the clock that a customer is on, s. */
  nowS(customer: Pick<Customer, 'testClock'> | null = null): number {
    if (this.#doing !== null) return this.#doing
    const clock = customer?.testClock ?? null
    const test = clock === null ? undefined : this.state.testClocks.get(clock)
    return test?.frozen ?? this.#frozen ?? Math.floor(Date.now() / 1000)
  }

  /** Whether its own clock stands still. */
  get frozen(): boolean {
    return this.#frozen !== null
  }

  /** Sets its own clock; null is the real one. */
  freeze(atS: number | null): void {
    this.#frozen = atS
  }

  /** Does something as of a second of its own. */
  at<Value>(atS: number, work: () => Value): Value {
    const before = this.#doing
    this.#doing = atS
    try {
      return work()
    } finally {
      this.#doing = before
    }
  }

  /** Makes an event of what an object has become. */
  emit(type: string, object: Shown, atS: number): void {
    const id = newId('evt')
    const request = this.asker
    this.#remember({
      id,
      type,
      created: atS,
      thin: false,
      pending: 0,
      shown: {
        id,
        object: 'event',
        api_version: API_VERSION,
        created: atS,
        data: { object },
        livemode: this.options.livemode,
        pending_webhooks: 0,
        request: { id: request?.id ?? null, idempotency_key: request?.key ?? null },
        type,
      },
    })
  }

  /** Makes an event that only says what it is about. @param data what fetching it tells beside that */
  emitThin(type: string, more: Shown, atS: number): void {
    const id = newId('evt')
    const created = new Date(atS * 1000).toISOString()
    const shown = {
      id,
      object: 'v2.core.event',
      type,
      created,
      livemode: this.options.livemode,
      ...more,
    }
    this.#remember({ id, type, created: atS, thin: true, pending: 0, shown })
  }

  #remember(event: Event): void {
    this.state.events.set(event.id, event)
    this.#onEvent(event)
  }
}
