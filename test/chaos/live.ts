import { setTimeout as sleep } from 'node:timers/promises'
import { type Random, seededRandom } from '../../simulator/random.ts'
import { until } from '../until.ts'
import { type LiveClient, PlainClient } from './live-client.ts'
import { type LiveFault, liveFaults } from './live-faults.ts'
import { livePlans } from './live-plans.ts'
import { ReferenceClient } from './live-reference-client.ts'
import { LiveRig } from './live-rig.ts'
import { liveProblems } from './live-verdict.ts'
import { MemoryWatch } from './memory-watch.ts'
import { StalledClient } from './stalled-client.ts'

export type LiveOptions = {
  readonly seconds: number
  readonly seed: number
  readonly markets: number
  readonly rate: number
  readonly clients: number
  /** A part of the names of the kinds of clients that there are to be; all when absent. */
  readonly only?: string | undefined
}

export type LiveReport = {
  readonly problems: string[]
  readonly counts: Record<string, number>
}

/** A stalled client is closed, and memory judged, in runs of at least so long; shorter ones are not long enough. */
const LONG_S = 60
/** Nothing is hurt in the last moments, so that what was hurt can come back. */
const REST_S = 3
const SLOW_CONSUMER = 4007
const DEPLOY = 'deploy'
const CRASH = 'gateway_crash'
/** An object that is not in memory cannot be taken out of it. */
const ABSENT = /not currently running/
/** What a fault takes, and what is left between two of them at most. */
const FAULT_MS = 400
const PAUSE_MS = 2500
/** Whoever was refused several times tries again after half a minute at the latest. */
const READY_MS = 40_000
const AGREE_MS = 20_000
const STALLED_MS = 2000
/** In long runs a client stalls for so long at the end. */
const STALLED_S = 45

/** Runs the live half of the product under load and faults with many clients, and holds what each was told against the truth. */
export async function chaosLive(options: LiveOptions): Promise<LiveReport> {
  const rig = await LiveRig.start(options)
  const run = new LiveRun(options, rig)
  try {
    return await run.run()
  } finally {
    await run.stop()
    await rig.stop()
  }
}

class LiveRun {
  readonly #options: LiveOptions
  readonly #rig: LiveRig
  readonly #random: Random
  readonly #clients: LiveClient[]
  readonly #stalled: StalledClient[] = []
  readonly #memory: MemoryWatch
  readonly #counts: Record<string, number> = {}
  readonly #problems: string[] = []
  readonly #outages: { fromUs: number; toUs: number }[] = []
  #running = true

  constructor(options: LiveOptions, rig: LiveRig) {
    this.#options = options
    this.#rig = rig
    this.#random = seededRandom(options.seed ^ 0x11fe)
    this.#memory = new MemoryWatch(rig.product.worker.pid ?? 0)
    const plans = livePlans(options.clients, rig.exchange.tickers(), this.#random, options.only)
    const { apiKey } = rig.product
    this.#clients = plans.map((plan) => {
      const random = seededRandom(this.#random.below(2 ** 31))
      return plan.reference
        ? new ReferenceClient(plan, rig.product.url, apiKey, random)
        : new PlainClient(plan, rig.socketUrl, apiKey, random)
    })
  }

  get #isLong(): boolean {
    return this.#options.seconds >= LONG_S
  }

  async run(): Promise<LiveReport> {
    const { exchange } = this.#rig
    await this.#allReady('at the beginning')
    if (!this.#isLong) this.#stall()
    exchange.start()
    const until = Date.now() + this.#options.seconds * 1000
    const loops = [this.#hurt(until - REST_S * 1000), this.#disconnect()]
    await loops[0]
    await sleep(Math.max(REST_S * 1000, until - Date.now()))
    this.#running = false
    await Promise.all(loops)
    exchange.pause()
    await this.#agree()
    await this.#judgeStalled()
    this.#judgeMemory()
    this.#count('trades', this.#rig.trades.length)
    this.#count('changes', exchange.changes())
    for (const { follower, ends } of this.#clients) {
      this.#count('trades_again', follower.trades.again)
      for (const [what, times] of [...Object.entries(follower.counts), ...Object.entries(ends)]) {
        this.#count(what, times)
      }
    }
    return { problems: this.#problems, counts: this.#counts }
  }

  async stop(): Promise<void> {
    this.#memory.stop()
    for (const each of this.#stalled) each.stop()
    await Promise.all(this.#clients.map((each) => each.stop()))
  }

  /** Each kind of fault once, in any order and however long it takes, and then whatever comes. */
  async #hurt(untilMs: number): Promise<void> {
    const alone = this.#clients.filter(({ plan }) => plan.path !== '/v1/stream')
    const markets = alone.flatMap(({ plan }) => plan.markets)
    const faults = liveFaults(this.#rig, markets, this.#random)
    const left = shuffled(faults, this.#random)
    left.sort((a, b) => Number(b.name === DEPLOY) - Number(a.name === DEPLOY))
    // A deploy also ends the process whose memory is watched: there is one.
    let often = faults.filter(({ unknown }) => !unknown)
    const seldom = faults.filter(({ name, unknown }) => unknown && name !== DEPLOY)
    const stallsMs = untilMs - STALLED_S * 1000
    while (left.length > 0 || Date.now() < untilMs) {
      if (
        this.#isLong &&
        left.length === 0 &&
        this.#stalled.length === 0 &&
        Date.now() > stallsMs
      ) {
        this.#stall()
        // A crash would end it before it is closed.
        often = often.filter(({ name }) => name !== CRASH)
      }
      const next = left.shift() ?? this.#random.pick(this.#random.chance(0.1) ? seldom : often)
      await this.#strike(next)
      const pauseMs = (untilMs - Date.now()) / (left.length + 1) - FAULT_MS
      await sleep(Math.min(PAUSE_MS, Math.max(0, pauseMs)) * (0.5 + this.#random.next()))
    }
  }

  async #strike({ name, outage, strike }: LiveFault): Promise<void> {
    const fromUs = nowUs()
    const problem = await strike()
    if (problem !== null && ABSENT.test(problem)) return this.#count(`${name}_absent`)
    this.#count(name)
    if (problem !== null) this.#problems.push(`${name}: ${problem}`)
    if (outage) this.#outages.push({ fromUs: fromUs - 1_000_000, toUs: nowUs() + 3_000_000 })
  }

  async #disconnect(): Promise<void> {
    while (this.#running) {
      await sleep(this.#random.below(400))
      const client = this.#random.pick(this.#clients)
      if (this.#random.chance(0.5)) client.disconnect()
      else client.fidget()
    }
  }

  async #allReady(when: string): Promise<void> {
    const late = () => this.#clients.filter(({ ready }) => !ready)
    await until('', () => late().length === 0, READY_MS).catch(() => {
      for (const { plan, ends } of late()) {
        this.#problems.push(`${plan.name}: not ready ${when}, ${JSON.stringify(ends)}`)
      }
    })
  }

  /** At rest every client holds the exchange's books, and was told of every trade. */
  async #agree(): Promise<void> {
    await this.#rig.settle().catch((error: unknown) => this.#problems.push(String(error)))
    await this.#allReady('at the end')
    const books = this.#rig.exchange.books()
    const differ = () => this.#clients.flatMap((client) => liveProblems(client, books))
    // The last trades come on a way of their own.
    const agreed = () => differ().length === 0 && this.#missing().length === 0
    await until('', agreed, AGREE_MS).catch(() => {})
    this.#problems.push(...differ())
    for (const { plan, follower } of this.#clients) {
      this.#problems.push(...follower.problems.map((problem) => `${plan.name}: ${problem}`))
    }
    this.#problems.push(...this.#missing())
  }

  /** Trades of which a client ought to have been told, and was not. */
  #missing(): string[] {
    return this.#clients.flatMap(({ plan, follower }) =>
      follower.trades
        .problems(this.#rig.trades, plan.follows, this.#outages)
        .map((problem) => `${plan.name}: ${problem}`),
    )
  }

  /** A client that subscribes to everything, reads nothing, and costs nobody else anything. */
  #stall(): void {
    const url = `${this.#rig.socketUrl}/v1/stream`
    const channels = ['book', 'trade', 'status', 'bbo']
    this.#stalled.push(new StalledClient(url, this.#rig.product.apiKey, { channels, all: true }))
  }

  async #judgeStalled(): Promise<void> {
    for (const each of this.#stalled) {
      const code = await each.resume(STALLED_MS)
      this.#count(`stalled_${code ?? 'open'}`)
      if (this.#isLong && code !== SLOW_CONSUMER) this.#problems.push(`a stalled client: ${code}`)
    }
  }

  #judgeMemory(): void {
    const { beforeMb, afterMb, bounded } = this.#memory.growth()
    Object.assign(this.#counts, {
      memory_before_mb: beforeMb,
      memory_after_mb: afterMb,
      memory_peak_mb: this.#memory.peakMb,
    })
    if (this.#isLong && !bounded) {
      this.#problems.push(`workerd grew from ${beforeMb} to ${afterMb} MB`)
    }
  }

  #count(what: string, times = 1): void {
    this.#counts[what] = (this.#counts[what] ?? 0) + times
  }
}

function shuffled<Item>(items: readonly Item[], random: Random): Item[] {
  return items
    .map((item) => ({ item, at: random.next() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item)
}

function nowUs(): number {
  return Math.round((performance.timeOrigin + performance.now()) * 1000)
}
