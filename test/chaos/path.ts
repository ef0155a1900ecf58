import { setTimeout as sleep } from 'node:timers/promises'
import postgres from 'postgres'
import { type Exchange, startExchange } from '../../simulator/exchange.ts'
import { type Random, seededRandom } from '../../simulator/random.ts'
import type { PlainRecord } from '../e2e/plain-fold.ts'
import { type RunningProduct, runProduct } from '../e2e/running-product.ts'
import { Subscriber } from '../e2e/subscriber.ts'
import { foldStore } from '../store-fold.ts'
import { until } from '../until.ts'
import { hashBook } from './book-hash.ts'
import { Truth } from './truth.ts'

export type ChaosOptions = {
  readonly seconds: number
  readonly markets: number
  readonly rate: number
  readonly seed: number
}

export type ChaosReport = {
  readonly problems: string[]
  readonly counts: Record<string, number>
}

type Asked = {
  readonly market: string
  readonly atUs: number
  readonly seq: number
  readonly hash: number
}
type BookData = {
  status: string
  seq: number
  yes?: [string, string][]
  no?: [string, string][]
}
type Bounds = { from_us: number; to_us: number | null }

const SUBSCRIBERS = 12
/** Between two subscribers' markets; prime, so that none is met twice. */
const SPREAD = 17
const WITHIN_US = 2_000_000
/** Gaps are told in our receive time: what the exchange lost would have come to us this much later at most, on a busy machine. */
const WAY_US = 1_000_000
/** A book that nobody confirms is refused; within so long (ms) after the last fault somebody does. */
const LIVE_AGAIN_MS = 15_000
/** Trading goes on for so long (ms) after the last fault, longer than any of them lasts: a loss shows by what follows it. */
const REST_MS = 3000
const AGREE_MS = 20_000
const STOP_AT_PROBLEMS = 50
const REQUESTS_AT_ONCE = 8
/** What the exchange did not send, or the collector could not read; a late frame that none overtook is no loss. */
const LOSSES: readonly string[] = ['drop', 'cut', 'overflow', 'silence', 'corrupt']

/** Runs the whole product under load and faults, and holds every answer against the exchange's truth. */
export async function chaosPath(options: ChaosOptions): Promise<ChaosReport> {
  const { markets, rate, seed } = options
  const exchange = await startExchange({ markets, rate, seed, paused: true })
  // On one connection every loss concerns every market; those of several are the matter of `chaos -- collector`.
  const collector = { RECOVERY_MS: '500', CONNECTIONS: '1' }
  const product = await runProduct(exchange, { collector })
  const truth = new Truth(exchange)
  const run = new ChaosRun(options, exchange, product, truth)
  try {
    return await run.run()
  } finally {
    truth.stop()
    for (const each of run.subscribers) each.close()
    await product.stop()
    await exchange.close()
  }
}

class ChaosRun {
  readonly subscribers: Subscriber[] = []
  readonly #options: ChaosOptions
  readonly #exchange: Exchange
  readonly #product: RunningProduct
  readonly #truth: Truth
  readonly #random: Random
  readonly #problems: string[] = []
  readonly #counts: Record<string, number> = {}
  readonly #asked: Asked[] = []
  #hurting = true
  #running = true

  constructor(options: ChaosOptions, exchange: Exchange, product: RunningProduct, truth: Truth) {
    this.#options = options
    this.#exchange = exchange
    this.#product = product
    this.#truth = truth
    this.#random = seededRandom(options.seed ^ 0x5eed)
  }

  async run(): Promise<ChaosReport> {
    const { markets } = this.#truth
    const first = this.#random.below(markets.length)
    for (let i = 0; i < SUBSCRIBERS; i++) {
      const market = markets[(first + i * SPREAD) % markets.length] ?? ''
      const subscriber = new Subscriber(this.#product.socketUrl, market, this.#product.apiKey)
      this.subscribers.push(subscriber)
      await subscriber.subscribe()
    }
    await until('subscribers are ready', () => this.subscribers.every(({ ready }) => ready))
    this.#exchange.start()
    const loops = [this.#pollLive(), this.#pollLive(), this.#pollPast(), this.#injectFaults()]
    await sleep(this.#options.seconds * 1000)
    this.#hurting = false
    await sleep(REST_MS)
    this.#running = false
    await Promise.all(loops)
    this.#exchange.pause()
    await this.#agree()
    await this.#askAgain()
    await this.#lossesAreTold()
    return { problems: this.#problems, counts: this.#counts }
  }

  async #pollLive(): Promise<void> {
    while (this.#running) {
      const market = this.#random.pick(this.#truth.markets)
      const askedUs = nowUs()
      const { status, body } = await this.#book(market)
      this.#count(`live_${status}_${body.data?.status ?? 'refused'}`)
      if (status === 200 && body.data?.status === 'live') {
        const hash = hashBook(body.data)
        if (!this.#truth.was(market, hash, askedUs - WITHIN_US, nowUs())) {
          this.#problem(`live ${market} at ${askedUs}: not the exchange's within 2 s`)
        }
      } else if (status !== 503 && body.data?.status !== 'unknown') {
        this.#problem(`live ${market}: ${status} ${JSON.stringify(body).slice(0, 200)}`)
      }
      await sleep(5)
    }
  }

  async #pollPast(): Promise<void> {
    while (this.#running) {
      const market = this.#random.pick(this.#truth.markets)
      const atUs = Math.round(nowUs() - this.#random.below(3_000_000))
      const { status, body } = await this.#book(market, atUs)
      this.#count(`past_${status}_${body.data?.status ?? 'refused'}`)
      if (status === 200 && body.data?.status === 'as_of') {
        this.#asked.push({ market, atUs, seq: body.data.seq, hash: hashBook(body.data) })
      } else if (![200, 404, 503].includes(status)) this.#problem(`past ${market}: ${status}`)
      await sleep(15)
    }
  }

  /** Each kind of fault once, and then whatever comes. */
  async #injectFaults(): Promise<void> {
    const faults: (() => unknown)[] = [
      () => this.#exchange.dropNext(1 + this.#random.below(3)),
      () => this.#exchange.duplicateNext(),
      () => this.#exchange.delayNext(20 + this.#random.below(300)),
      () => this.#exchange.cut(),
      () => this.#exchange.corruptNext('price'),
      () => this.#exchange.silence(500 + this.#random.below(2000)),
      () => this.#exchange.overflow(),
      () => {
        this.#exchange.refuseHandshakes(1, 503)
        this.#exchange.cut()
      },
    ]
    const frequent = faults.slice(0, 3)
    for (let i = 0; ; i++) {
      await sleep(300 + this.#random.below(600))
      if (!this.#hurting) return
      const often = this.#random.below(100) < 75
      const inject = faults[i] ?? this.#random.pick(often ? frequent : faults)
      // A connection that is down can be hurt no more: what follows finds it up.
      await until('a connection is up', () => this.#exchange.connections() > 0)
      // It may have been waited for beyond the end.
      if (!this.#hurting) return
      inject()
    }
  }

  /** Collector, Durable Object and store hold the exchange's book of every market. */
  async #agree(): Promise<void> {
    const sent = this.#exchange.checksums()
    const restUs = nowUs()
    // What never comes to be so is told market by market below.
    await until(
      '',
      async () => {
        const held = await this.#checksums()
        return this.#truth.markets.every((market) => held[market] === sent[market])
      },
      AGREE_MS,
    ).catch(() => {})
    await this.#allStored(nowUs())
    const sql = postgres(this.#product.databaseUrl, { max: 1, onnotice: () => {} })
    const stored = await foldStore(sql)
    await sql.end()
    const checksums = await this.#checksums()
    for (const market of this.#truth.markets) {
      const want = this.#truth.now(market)
      const body = await this.#liveAgain(market, want, restUs)
      if (body?.data === undefined) continue
      if (hashBook(body.data) !== want) this.#problem(`end ${market}: wrong live book`)
      if (hashBook(stored.get(market) ?? {}) !== want) this.#problem(`end ${market}: wrong store`)
      if (checksums[market] !== body.data.full_checksum) {
        this.#problem(`end ${market}: the collector holds another book`)
      }
    }
    this.#counts['markets_agreed'] = this.#truth.markets.length
  }

  /** An as-of is answered only when all that came before it is stored, and asked again as long as it is refused. */
  async #allStored(atUs: number): Promise<void> {
    const path = bookPath(this.#random.pick(this.#truth.markets), atUs)
    const { body } = await this.#product.getAgain<{ data?: BookData }>(path)
    if (body.data?.status !== 'as_of') this.#problem(`end: ${JSON.stringify(body)}`)
  }

  /**
   * The live book, which may be refused while nobody has confirmed it yet, but not for long; it may be as old as it may ever
   * be, so that it is another than `want` for so long after trading came to rest.
   */
  async #liveAgain(market: string, want: number, restUs: number) {
    const deadline = Date.now() + LIVE_AGAIN_MS
    for (;;) {
      const askedUs = nowUs()
      const { status, body } = await this.#book<{ full_checksum: number }>(market)
      if (status === 200 && body.data?.status === 'live') {
        if (hashBook(body.data) === want || askedUs > restUs + WITHIN_US) return body
        continue
      }
      if (status !== 503 || Date.now() > deadline) {
        this.#problem(`end ${market}: ${status} ${JSON.stringify(body)}`)
        return null
      }
      await sleep(100)
    }
  }

  /** No as-of, asked again, answers over a wrong book, or otherwise than before but for a gap. */
  async #askAgain(): Promise<void> {
    for (const { market, atUs, seq, hash } of this.#asked) {
      const { status, body } = await this.#book(market, atUs)
      if (status === 200 && body.data?.status === 'unknown') {
        this.#count('again_unknown')
        continue
      }
      this.#count('again_as_of')
      if (status !== 200 || body.data?.seq !== seq || hashBook(body.data) !== hash) {
        this.#problem(`again ${market} at ${atUs}: ${status}, another answer than before`)
      } else if (!this.#truth.was(market, hash, atUs - WITHIN_US, atUs)) {
        this.#problem(`again ${market} at ${atUs}: as_of over a wrong book`)
      }
    }
  }

  /** Every injected loss is a gap that covers it, in REST and on the stream. */
  async #lossesAreTold(): Promise<void> {
    const { faults } = this.#exchange
    for (const { kind } of faults) this.#count(`fault_${kind}`)
    const gaps = await this.#gapsOfAll()
    const streamed = new Map(this.subscribers.map((each) => [each.market, streamedGaps(each)]))
    for (const { kind, atUs, ticker } of faults.filter((fault) => LOSSES.includes(fault.kind))) {
      const covers = ({ from_us, to_us }: Bounds) =>
        from_us <= atUs + WAY_US && (to_us === null || to_us >= atUs)
      // What cannot be read concerns its market alone, what is missing every market of the sid.
      const concerned = kind === 'corrupt' ? [ticker ?? ''] : this.#truth.markets
      for (const market of concerned) {
        if (gaps.get(market)?.some(covers) !== true) {
          this.#problem(`${kind} at ${atUs}: no gap of ${market}`)
        }
        if (streamed.get(market)?.some(covers) === false) {
          this.#problem(`${kind} at ${atUs}: ${market} was not told`)
        }
      }
    }
    for (const each of this.subscribers) this.#inOrder(each.market, each.records())
  }

  async #gapsOfAll(): Promise<Map<string, Bounds[]>> {
    const gaps = new Map<string, Bounds[]>()
    const left = [...this.#truth.markets]
    const ask = async () => {
      for (let market = left.pop(); market !== undefined; market = left.pop()) {
        const path = `/v1/markets/${encodeURIComponent(market)}/gaps?limit=10000`
        gaps.set(market, (await this.#product.get<{ data: Bounds[] }>(path)).body.data)
      }
    }
    await Promise.all(Array.from({ length: REQUESTS_AT_ONCE }, ask))
    return gaps
  }

  #inOrder(market: string, records: readonly PlainRecord[]): void {
    this.#counts['streamed'] = (this.#counts['streamed'] ?? 0) + records.length
    records.forEach((record, i) => {
      const before = records[i - 1]
      if (before !== undefined && record.seq !== before.seq + 1) {
        this.#problem(`stream ${market}: ${record.type} ${record.seq} after ${before.seq}`)
      }
    })
  }

  async #book<More = unknown>(market: string, atUs?: number) {
    return this.#product.get<{ data?: BookData & More }>(bookPath(market, atUs))
  }

  async #checksums(): Promise<Record<string, number | null>> {
    const { checksums } = await this.#product.collector().ask('checksums')
    return checksums as Record<string, number | null>
  }

  #count(what: string): void {
    this.#counts[what] = (this.#counts[what] ?? 0) + 1
  }

  #problem(text: string): void {
    if (this.#problems.length < STOP_AT_PROBLEMS) this.#problems.push(text)
  }
}

function bookPath(market: string, atUs?: number): string {
  const at = atUs === undefined ? '' : `&at=${atUs}`
  return `/v1/markets/${encodeURIComponent(market)}/orderbook?view=native${at}`
}

/** The gaps that a subscriber was told of, each up to the snapshot that followed it. */
function streamedGaps({ messages }: Subscriber): Bounds[] {
  return messages.flatMap((message, i) => {
    if (message.type !== 'gap') return []
    const next = messages.slice(i + 1).find(({ type }) => type === 'snapshot')
    return [{ from_us: message.from_us, to_us: next?.type === 'snapshot' ? next.recv_us : null }]
  })
}

function nowUs(): number {
  return Math.round((performance.timeOrigin + performance.now()) * 1000)
}
