import { MARKET_MINUTES_PER_CREDIT } from '#core/credit'
import { VISITOR_CONFLATE_MS } from '#core/visitor-bounds'
import { type Call, callOf, type Values } from '../../playground/call.ts'
import { printFragment, readFragment } from '../../playground/fragment.ts'
import type { Operation } from '../../playground/operation.ts'
import { printCount } from '../../print-count.ts'
import { copyOnPress } from '../copy-button.ts'
import { csrfWord } from '../page-key.ts'
import { part } from '../part.ts'
import { AnswerView } from './answer-view.ts'
import { type Cost, CostAsker } from './cost.ts'
import { Fields } from './fields.ts'
import { SampleView } from './sample-view.ts'
import { type Refusal, refusalIn, type Sent, send } from './send.ts'
import type { StreamView } from './stream-view.ts'

/** What is shown to whoever names no endpoint. */
const FIRST = 'getMarketOrderbook'
/** What stays in the form when another endpoint is chosen. */
const KEPT = ['ticker', 'tickers', 'markets', 'market', 'event', 'series', 'at', 'from', 'to']

/** What to do about a refusal that every call would meet. */
const VISITOR_DONE: Readonly<Record<string, string>> = {
  quota_exceeded:
    'What visitors may spend in a day is spent. It begins anew at 00:00 UTC; a free key has credits of its own.',
}
const ACCOUNT_DONE: Readonly<Record<string, string>> = {
  quota_exceeded:
    'The credits of this month are spent. The dashboard shows by what, and billing offers more.',
  payment_required: 'A payment is due: billing on the dashboard says which.',
  unauthorized: 'Your session is over. Sign in again, or load the page anew to go on as a visitor.',
}

const ONE_STREAM = 'A visitor key follows markets by /v1/stream alone.'

/** The page: a form, its call, and what was answered. Its state lies in the address's fragment. */
export class Playground {
  readonly #operations = read<readonly Operation[]>('operations')
  readonly #showcase = read<readonly string[]>('showcase')
  readonly #visitor = csrfWord() === null
  readonly #select = part<HTMLSelectElement>('operation')
  readonly #fields = new Fields(part('fields'), this.#showcase)
  readonly #answer = new AnswerView()
  readonly #samples = new SampleView()
  readonly #cost = new CostAsker((cost) => this.#tellCost(cost))
  /** Made when a stream is first asked for: its client is loaded then. */
  #stream: StreamView | null = null
  #call: Call | null = null
  #kept: Values = {}
  #sending = new AbortController()
  #cursor: string | null = null

  /** Shows what the address names, and listens. */
  start(): void {
    part('playground').hidden = false
    this.#fromAddress()
    addEventListener('popstate', () => this.#fromAddress())
    this.#select.addEventListener('change', () => {
      const operation = this.#operationOf(this.#select.value)
      if (operation === null) return
      history.pushState(null, '', printFragment(operation, this.#kept))
      this.#choose(operation, this.#kept)
    })
    const form = part<HTMLFormElement>('call')
    form.addEventListener('input', (event) => {
      if (event.target !== this.#select) this.#changed()
    })
    form.addEventListener('submit', (event) => {
      event.preventDefault()
      void this.#send()
    })
    part('stop').addEventListener('click', () => this.#stop())
    part('next').addEventListener('click', () => void this.#nextPage())
    copyOnPress(
      part('link'),
      () => location.href,
      () => 'It is this page’s address',
    )
  }

  #fromAddress(): void {
    const { op, values } = readFragment(location.hash)
    const operation = this.#operationOf(op ?? FIRST) ?? this.#operations[0]
    if (operation === undefined) return
    this.#select.value = operation.id
    this.#choose(operation, op === null ? { depth: '10', ...values } : values)
  }

  #operationOf(id: string): Operation | null {
    return this.#operations.find((each) => each.id === id) ?? null
  }

  #choose(operation: Operation, values: Values): void {
    this.#stop()
    this.#answer.begin('nothing sent yet')
    part('summary').textContent = `${operation.summary}.`
    part<HTMLAnchorElement>('reference').href = `/docs/api#${operation.id}`
    part('only-accounts').hidden = !this.#visitor || operation.visitors
    part('send').textContent = operation.stream ? 'Connect' : 'Send'
    this.#fields.show(operation, this.#filled(operation, values))
    this.#call = null
    this.#changed(operation)
  }

  /** What is required of markets begins with the busiest, and what a visitor may not leave out is there. */
  #filled(operation: Operation, values: Values): Values {
    const filled = Object.fromEntries(
      operation.fields.flatMap(({ name, kind, required }) => {
        if (required && (kind === 'market' || kind === 'markets')) {
          return [[name, this.#showcase[0] ?? '']]
        }
        return this.#visitor && name === 'conflate_ms' ? [[name, String(VISITOR_CONFLATE_MS)]] : []
      }),
    )
    return { ...filled, ...values }
  }

  #changed(operation = this.#call?.operation): void {
    if (operation === undefined) return
    const values = this.#fields.values()
    this.#call = callOf(operation, values)
    const kept = Object.entries(values).filter(([name]) => KEPT.includes(name))
    this.#kept = { ...this.#kept, ...Object.fromEntries(kept) }
    history.replaceState(null, '', printFragment(operation, values))
    this.#fields.clearFaults()
    this.#samples.show(this.#call)
    this.#askCost(this.#call)
  }

  #askCost(call: Call): void {
    const { priced, visitors } = call.operation
    const unasked = !priced || call.missing.length > 0 || (this.#visitor && !visitors)
    this.#cost.ask(unasked ? null : call)
    if (!unasked) return
    part('cost').textContent =
      call.missing.length > 0 ? `To be filled in: ${call.missing.join(', ')}.` : unpricedWords(call)
  }

  #tellCost(cost: Cost | null): void {
    const line = part('cost')
    if (cost === null) line.textContent = 'Asking what it costs …'
    else if (cost.kind === 'credits') {
      line.textContent =
        cost.most === null
          ? 'Costs 1 credit per 1,000 rows, however many they are: a limit bounds it.'
          : `Costs at most ${cost.most} ${cost.most === 1 ? 'credit' : 'credits'}.`
    } else {
      const beside = this.#faultBeside(cost.refusal)
      line.textContent = beside
        ? 'It would be refused.'
        : `It would be refused: ${cost.refusal.message}.`
      this.#sayDone(cost.refusal.code)
    }
  }

  async #send(): Promise<void> {
    const call = this.#call
    if (call === null) return
    this.#fields.clearFaults()
    if (call.missing.length > 0) {
      for (const name of call.missing) this.#fields.fault(name, 'is required')
      this.#fields.focusFault()
      return
    }
    this.#running(true)
    if (call.operation.stream) return this.#connect(call)
    this.#sending.abort()
    this.#sending = new AbortController()
    const { signal } = this.#sending
    this.#answer.begin('sending')
    try {
      const sent = await send(call, call.path, signal)
      if (signal.aborted) return
      if ('refused' in sent) this.#refused(sent.refused, null)
      else await this.#answered(call, sent)
    } catch (error) {
      if (!signal.aborted) throw error
      return
    }
    this.#running(false)
  }

  async #connect(call: Call): Promise<void> {
    if (this.#visitor && !call.operation.visitors) {
      this.#answer.begin('')
      this.#answer.refuse({ code: 'forbidden', message: ONE_STREAM }, null)
      return this.#running(false)
    }
    const { StreamView } = await import('./stream-view.ts')
    this.#stream ??= new StreamView(this.#answer, () => this.#running(false))
    await this.#stream.start(call)
  }

  async #answered(call: Call, sent: Sent): Promise<void> {
    const left = sent.headers.get('x-credits-remaining')
    if (left !== null) {
      const until = this.#visitor ? 'today' : 'this month'
      part('left').textContent = `${printCount(Number(left))} credits are left ${until}.`
    }
    this.#cursor = await this.#answer.show(call, sent)
    const card = part('state').closest('section')
    if (card !== null && card.getBoundingClientRect().top > innerHeight * 0.8) card.scrollIntoView()
    if (sent.status < 400) return
    const refusal = refusalIn(await sent.body.text())
    if (refusal !== null) this.#refused(refusal, sent.status)
  }

  #refused(refusal: Refusal, status: number | null): void {
    this.#answer.refuse(refusal, status)
    this.#sayDone(refusal.code)
    if (this.#faultBeside(refusal)) this.#fields.focusFault()
  }

  /** Says what is wrong beside the field that it is of. @returns whether there is one */
  #faultBeside({ code, message, param }: Refusal): boolean {
    if (param !== undefined) return this.#fields.fault(param, message)
    const { fields = [], visitors } = this.#call?.operation ?? {}
    if (!this.#visitor || !visitors || code !== 'forbidden') return false
    const market = fields.find(({ kind }) => kind === 'market' || kind === 'markets')
    const words =
      'is not among the markets that a visitor key reads: choose one of those offered here'
    return market !== undefined && this.#fields.fault(market.name, words)
  }

  /** What to do when nothing more can be sent. */
  #sayDone(code: string): void {
    const words = this.#visitor ? VISITOR_DONE[code] : ACCOUNT_DONE[code]
    if (words === undefined) return
    part('who-fault').hidden = false
    part('who-fault').textContent = words
  }

  #running(on: boolean): void {
    const [shown, hidden] = on ? [part('stop'), part('send')] : [part('send'), part('stop')]
    const focused = document.activeElement === hidden
    shown.hidden = false
    hidden.hidden = true
    // Who pressed the one goes on from the other.
    if (focused) shown.focus()
    part('stop').textContent = this.#call?.operation.stream ? 'Disconnect' : 'Stop'
    part('state').closest('section')?.setAttribute('aria-busy', String(on))
  }

  #stop(): void {
    this.#sending.abort()
    this.#stream?.stop()
    this.#running(false)
    if (part('state').textContent === 'sending') this.#answer.state('', 'stopped')
  }

  async #nextPage(): Promise<void> {
    const { operation } = this.#call ?? {}
    if (operation === undefined || this.#cursor === null) return
    this.#fields.show(operation, { ...this.#fields.values(), cursor: this.#cursor })
    this.#changed(operation)
    await this.#send()
  }
}

/** What is said of the cost of what is not asked about. */
function unpricedWords({ operation: { priced, stream } }: Call): string {
  if (stream) return `Costs 1 credit for ${MARKET_MINUTES_PER_CREDIT} market-minutes.`
  return priced ? '' : 'Costs no credits.'
}

function read<Value>(id: string): Value {
  return JSON.parse(part(id).textContent ?? '') as Value
}
