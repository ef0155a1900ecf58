import type { Micros } from '#core/instant'
import type { EndReason, Epoch } from '#core/log'
import type { Dice } from './dice.ts'
import { type MadeMarket, makeMarket, type Sealing } from './made-market.ts'
import { type Character, type Lease, MarketStory } from './market-story.ts'

const SECOND = 1_000_000
const HOUR = 3600 * SECOND
/** An evening: the days that follow begin within the epochs. */
const START = Date.UTC(2025, 10, 20, 21, 40) * 1000

/** A whole store as it was made up, and all that there is to know of it. */
export type MadeHistory = {
  readonly leases: readonly Lease[]
  /** How far the record is complete. Some records lie beyond it. */
  readonly through: Micros
  /** Before it, hours of the log may be dropped: all of them is sealed. */
  readonly sealedUntil: Micros
  readonly markets: readonly MadeMarket[]
}

type Plan = Partial<Character> & {
  readonly sealing?: Sealing
  /** The epoch in which it begins, and how long (µs) after the opening. */
  readonly epoch?: number
  readonly after?: number
}

const STEADY: Character = {
  paces: [SECOND, 60 * SECOND, 3 * HOUR],
  records: 90,
  tick: 10_000,
  levels: [0, 1, 4, 14, 30],
  unrest: 0.06,
  ends: null,
}

/** Kinds of markets; each is made several times, no two alike. */
const PLANS: readonly Plan[] = [
  { paces: [2000, 5000, 300_000, 60 * SECOND], records: 500, unrest: 0.01 },
  {},
  { paces: [10 * HOUR, 30 * HOUR], records: 5 },
  { ends: 'settled', unrest: 0.1 },
  { ends: 'deselected', unrest: 0.25 },
  { unrest: 0.4, tick: 1000 },
  { tick: 100, paces: [300_000, HOUR] },
  { tick: 1, levels: [3, 25] },
  { sealing: 'none', epoch: 2 },
  { levels: [0], unrest: 0.3 },
  { epoch: 1, after: 5 * HOUR, ends: 'deselected' },
  { records: 1, paces: [HOUR] },
]
/** So many events share the markets. */
const EVENTS = 16
const ENDS: readonly EndReason[] = ['settled', 'deselected']

/** Makes up a store of many markets over four epochs and five UTC days. */
export function makeHistory(dice: Dice, markets = 4 * PLANS.length): MadeHistory {
  const leases = makeLeases(dice)
  const end = leases.at(-1)?.until ?? START
  const through = (end - HOUR / 2 - dice.below(HOUR / 3)) as Micros
  const sealedUntil = (START + 32 * HOUR) as Micros
  const made = Array.from({ length: markets }, (_, i) => {
    const plan = PLANS[i % PLANS.length] ?? {}
    const sealing = plan.sealing ?? dice.pick(['all', 'but_tails', 'but_tails'])
    const ticker = `KXMADE${i % EVENTS}-25NOV20-T${i}`
    const records = tell(dice, plan, leases)
    return makeMarket(dice, ticker, records, { sealing, sealedUntil })
  })
  const lately = { epoch: 3, after: through + 1 - (leases[3]?.opened ?? 0), paces: [60 * SECOND] }
  const beyond = tell(dice, lately, leases)
  const none = { sealing: 'none', sealedUntil } as const
  return {
    leases,
    through,
    sealedUntil,
    markets: [
      ...made,
      makeMarket(dice, 'KXMADE-LATELY', beyond, none),
      makeMarket(dice, 'KXMADE-NEVER', [], none),
    ],
  }
}

/** Lets a market live through the epochs from that in which it begins. */
function tell(dice: Dice, plan: Plan, leases: readonly Lease[]) {
  const { epoch = dice.pick([0, 0, 0, 1]), after = dice.below(HOUR) } = plan
  const lived = leases.slice(epoch)
  const [first] = lived
  if (first === undefined) throw new Error('no such epoch')
  const story = new MarketStory(dice, { ...STEADY, ...plan }, first)
  for (const lease of lived) {
    story.live(lease, lease === first ? after : dice.below(HOUR))
    if (plan.ends !== undefined && dice.chance(0.35)) story.end(dice.pick(ENDS))
  }
  return story.records
}

function makeLeases(dice: Dice): Lease[] {
  const lasts = [26, 24, 21, 12].map((hours) => hours * HOUR + dice.below(HOUR))
  let opened = START
  return lasts.map((lasted, i) => {
    const until = opened + lasted
    const through = until - SECOND - dice.below(20 * 60 * SECOND)
    const epoch = [3, 4, 7, 8][i] as Epoch
    const lease = { epoch, opened, through, until }
    opened = until
    return lease as Lease
  })
}
