import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { seededRandom } from '../simulator/random.ts'
import { percentile } from './figure.ts'
import { nowUs } from './lag-watch.ts'
import { quietCheck } from './soak-check.ts'
import { SoakFaults } from './soak-faults.ts'
import { SoakRig } from './soak-rig.ts'

// npm run soak [-- --minutes 30 --rate 5000 --markets 1000 --seed N]: trading at a rate, a random fault every 20 s, and every
// minute a rest in which every open market's book is compared. One JSON line a minute, and a verdict at the end.
const text = { type: 'string' } as const
const { values } = parseArgs({ options: { minutes: text, rate: text, markets: text, seed: text } })
const minutes = Number(values.minutes ?? 30)
const rate = Number(values.rate ?? 5000)
const markets = Number(values.markets ?? 1000)
const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31))

const FAULT_EVERY_MS = 20_000
const FAULTS_A_MINUTE = 3
const CHECK_MS = 30_000
const LAST_CHECK_MS = 120_000
const MB = 1_000_000
/** The collector is ended only in this share of the run, so that one then lives long enough to show its memory. */
const RESTARTS_UNTIL = 1 / 3
/** A new process grows until its caches and its heap have found their size. */
const WARM_MS = 180_000
const RSS_GROWTH = 1.15
const RSS_SLACK_MB = 30
const LAG_GROWTH_MS = 500

type Minute = {
  readonly rssMb: number
  readonly lagMs: number
  readonly wrong: number
  /** whether the collector had been running for a while */
  readonly warm: boolean
}

const random = seededRandom(seed)
const faults = new SoakFaults(random)
const rig = await SoakRig.open(markets, rate, seed)
const seen: Minute[] = []
const wrongMarkets = new Set<string>()
let unknownAtEnd = 0
try {
  rig.exchange.start()
  for (let minute = 1; minute <= minutes; minute += 1) {
    const [names, lags]: [string[], number[]] = [[], []]
    const changes = rig.exchange.changes()
    const begun = performance.now()
    for (let i = 0; i < FAULTS_A_MINUTE; i += 1) {
      const next = sleep(FAULT_EVERY_MS)
      names.push(await faults.next(rig, minute <= minutes * RESTARTS_UNTIL))
      await next
      // What is left of the lag when the fault has had its time.
      lags.push(rig.lag.meanMs(nowUs() - 2_000_000, nowUs()))
    }
    const seconds = (performance.now() - begun) / 1000
    const { collector } = rig
    const check = await quietCheck(rig, minute === minutes ? LAST_CHECK_MS : CHECK_MS)
    for (const market of check.wrong) wrongMarkets.add(market)
    unknownAtEnd = check.unknown
    const [row] = await rig.owner`select count(*)::int as gaps from kb.book_gaps`
    const line = {
      minute,
      rssMb: Math.round(collector.usage.rss / MB),
      lagMs: Math.round(percentile(lags, 0.5)),
      worstLagMs: Math.round(rig.lag.worstMs(nowUs() - 60_000_000)),
      spoolBytes: collector.said('spoolBytes'),
      gaps: Number(row?.['gaps']),
      markets: check.markets,
      wrong: check.wrong.length,
      unknown: check.unknown,
      perS: Math.round((rig.exchange.changes() - changes) / seconds),
      starts: rig.starts,
      faults: names,
    }
    console.log(JSON.stringify(line))
    rig.lag.forget()
    seen.push({ ...line, warm: Date.now() - rig.startedMs > WARM_MS })
  }
} finally {
  await rig.stop()
}

const verdict = judge(seen)
console.log(JSON.stringify({ seed, ...verdict, wrongMarkets: [...wrongMarkets].slice(0, 10) }))
process.exit(verdict.passed ? 0 : 1)

function judge(all: readonly Minute[]) {
  const warm = all.filter((minute) => minute.warm)
  const third = Math.max(1, Math.floor(warm.length / 3))
  const middle = (minutes: readonly Minute[], pick: (minute: Minute) => number) =>
    minutes.length === 0 ? Number.NaN : percentile(minutes.map(pick), 0.5)
  const [first, last] = [warm.slice(0, third), warm.slice(-third)]
  const rssMb = [middle(first, (each) => each.rssMb), middle(last, (each) => each.rssMb)] as const
  const lagMs = [
    middle(all.slice(0, third), (each) => each.lagMs),
    middle(all.slice(-third), (each) => each.lagMs),
  ] as const
  const wrongBooks = all.reduce((sum, { wrong }) => sum + wrong, 0)
  // A run too short for a warm process says nothing of memory.
  const flatMemory = warm.length < 2 || rssMb[1] <= rssMb[0] * RSS_GROWTH + RSS_SLACK_MB
  const noLagGrowth = lagMs[1] <= lagMs[0] + LAG_GROWTH_MS
  const passed = flatMemory && noLagGrowth && wrongBooks === 0 && unknownAtEnd === 0
  const word = passed ? 'passed' : 'failed'
  return { verdict: word, passed, flatMemory, rssMb, noLagGrowth, lagMs, wrongBooks, unknownAtEnd }
}
