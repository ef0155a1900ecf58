import type { CostCounts, CountedRate } from './cost-counts.ts'
import { metered, PRICES } from './cost-prices.ts'

/** What is taken for given; docs/cost.md lists it. */
export const ASSUMED = {
  /** Markets that trade in any quarter of a minute. */
  activeMarkets: 5000,
  /** Share of all deltas that are of a watched market, by number of customers. */
  watchedShare: { 10: 0.2, 100: 0.6, 10000: 1 },
  /** Share of customers that keep a stream to many markets open, and for how many hours a day; each is an account with a Gateway of its own. */
  streamingShare: 0.3,
  streamingHours: 16,
  /** Share of the watched deltas that one such customer follows. */
  followedShare: 0.02,
  /** Share of the watched deltas that are also of a market with a stream of its own or read by REST just now. */
  marketBookShare: 0.25,
  /** How long an apply keeps a market's object awake, ms. */
  applyMs: 1,
  /** REST requests of a customer in a month, the processor time of one (ms), and the share that read the past. */
  requests: 50_000,
  requestCpuMs: 5,
  historyShare: 0.5,
  /** What Postgres sends to answer one that reads the past, bytes. */
  historyBytes: 5000,
  /** Seconds between two checkpoints of a watched book, and between two alarms of a shard. */
  checkpointS: 15,
  alarmS: 5,
  /** Markets that a customer begins or ceases to watch in a day. */
  watchChanges: 100,
  /** Calls of a request to its account's object (it reserves, it settles), and rows that it writes there: both, and one that forgets. */
  spendCalls: 2,
  spendRows: 3,
  /** Rows more that an account writes in an hour: sums of the hour and the month. */
  meterRows: 4,
  /** Seconds between two renewals of a stream at its account: a call of its Gateway, and a row. */
  renewS: 30,
  /** Bytes of a delta once it is sealed, and as a plain row until then, at most an hour and a quarter (`npm run bench size`). */
  sealedBytes: 9.2,
  hotBytes: 165,
  hotS: 4500,
  /** Processor seconds of the collector for a million deltas (`npm run bench ingest`), its memory, and that of the one that waits, GB. */
  collectorCpuS: 19.5,
  collectorGb: 1,
  waitingGb: 0.2,
  /** The collector's disk, GB, twice; what it sends to Postgres for a delta, bytes. */
  spoolGb: 5,
  insertBytes: 150,
} as const

/** What depends on how many deltas a second come: shards, and Postgres's size, which is a guess until it has been measured there. */
export const SIZES = {
  1000: { shards: 8, compute: 'Medium' },
  10000: { shards: 8, compute: 'XL' },
  50000: { shards: 32, compute: '4XL' },
} as const

export type Rate = keyof typeof SIZES
export type Customers = keyof typeof ASSUMED.watchedShare
export const RATES: readonly Rate[] = [1000, 10_000, 50_000]
export const CUSTOMERS: readonly Customers[] = [10, 100, 10_000]

const MONTH_S = 730.5 * 3600
const MONTH_DAYS = MONTH_S / 86_400
const GB = 1e9

/** Dollars a month by what they are for. */
export type Cost = Readonly<Record<(typeof LINES)[number], number>>
export const LINES = [
  'market calls',
  'messages to shards',
  'messages to gateways',
  'renewals of streams',
  'gateways awake',
  'shards awake',
  'market objects awake',
  'rows written',
  'REST',
  'Cloudflare plan',
  'Supabase compute',
  'Supabase hot disk',
  'Supabase egress',
  'collector',
  'collector egress',
] as const

/** Gigabytes of sealed deltas that a month adds. */
export function grownGb(rate: Rate): number {
  return (rate * MONTH_S * ASSUMED.sealedBytes) / GB
}

/** Dollars a month for the disk after so many months. */
export function diskCost(rate: Rate, months: number): number {
  const { included, each } = PRICES.supabase.diskGb
  return Math.max(0, grownGb(rate) * months + hotGb(rate) - included) * each
}

function hotGb(rate: Rate): number {
  return (rate * ASSUMED.hotS * ASSUMED.hotBytes) / GB
}

/** What a month costs at so many deltas a second and so many customers; the growth of storage is counted apart. */
export function costOf(counts: CostCounts, rate: Rate, customers: Customers): Cost {
  const { cloudflare, supabase, railway } = PRICES
  const { shards, compute } = SIZES[rate]
  const watched = rate * ASSUMED.watchedShare[customers]
  const counted = countedAt(counts, watched / shards)
  const batches = counted.batchesPerShard * shards
  const items = watched * counted.itemsPerRecord * ASSUMED.marketBookShare
  const online = customers * ASSUMED.streamingShare * (ASSUMED.streamingHours / 24)
  const followed = watched * ASSUMED.followedShare
  // Of the batches, those that hold something that one customer follows, as if records fell into them by chance.
  const forOne = batches * (1 - Math.exp(-followed / batches))
  const requests = customers * ASSUMED.requests
  const messages = (perS: number) => (perS * MONTH_S) / cloudflare.messagesPerRequest
  const { perMillion } = cloudflare.objectRequests
  const price = (objectRequests: number) => (objectRequests / 1e6) * perMillion
  const awake = (objects: number) =>
    ((objects * MONTH_S * cloudflare.objectGb) / 1e6) * cloudflare.objectGbS.perMillion
  const bookObjects = Math.min(ASSUMED.activeMarkets, customers * 5)
  const renewals = (online * MONTH_S) / ASSUMED.renewS
  const rows =
    (bookObjects * MONTH_S) / ASSUMED.checkpointS +
    (shards * MONTH_S) / ASSUMED.alarmS +
    customers * MONTH_DAYS * (ASSUMED.watchChanges + 24 * ASSUMED.meterRows) +
    renewals +
    requests * ASSUMED.spendRows
  const alarms = (shards * MONTH_S) / ASSUMED.alarmS
  const rest =
    metered(requests, cloudflare.requests) +
    metered(requests * ASSUMED.requestCpuMs, cloudflare.cpuMs) +
    metered(requests, cloudflare.kvReads) +
    price(requests * (1 + ASSUMED.spendCalls - ASSUMED.historyShare))
  const egressGb = (requests * ASSUMED.historyShare * ASSUMED.historyBytes) / GB
  const sentBytes = rate * ASSUMED.insertBytes + watched * counted.feedBytesPerRecord
  const memoryGb = ASSUMED.collectorGb + ASSUMED.waitingGb
  const vcpus = (rate * ASSUMED.collectorCpuS) / 1e6
  return {
    'market calls': price(items * MONTH_S),
    'messages to shards': price(messages(batches + shards) + alarms),
    'messages to gateways': price(messages(forOne * online)),
    'renewals of streams': price(renewals),
    'gateways awake': awake(online),
    'shards awake': awake(shards),
    'market objects awake': awake((items * ASSUMED.applyMs) / 1000),
    'rows written': metered(rows, cloudflare.rowsWritten),
    REST: rest,
    'Cloudflare plan': cloudflare.plan,
    'Supabase compute': supabase.plan + supabase.compute[compute] - supabase.credit,
    'Supabase hot disk': hotGb(rate) * supabase.diskGb.each,
    'Supabase egress': Math.max(0, egressGb - supabase.egressGb.included) * supabase.egressGb.each,
    collector: Math.max(
      railway.plan,
      vcpus * railway.vcpu + memoryGb * railway.memoryGb + 2 * ASSUMED.spoolGb * railway.volumeGb,
    ),
    'collector egress': ((sentBytes * MONTH_S) / GB) * railway.egressGb,
  }
}

/** What was counted at a rate, between the two counted rates next to it; beyond the highest its batches stay as many. */
function countedAt({ rates }: CostCounts, perShard: number): CountedRate {
  const [first] = rates
  const last = rates.at(-1)
  if (first === undefined || last === undefined) throw new Error('nothing was counted')
  if (perShard <= first.recordsPerShard) {
    // No batch without a record.
    const batchesPerShard = (first.batchesPerShard * perShard) / first.recordsPerShard
    return { ...first, recordsPerShard: perShard, batchesPerShard }
  }
  const at = rates.findIndex((each) => each.recordsPerShard >= perShard)
  const [low, high] = [rates[at - 1], rates[at]]
  if (low === undefined || high === undefined) return last
  const share = (perShard - low.recordsPerShard) / (high.recordsPerShard - low.recordsPerShard)
  const between = (name: keyof CountedRate) => low[name] + share * (high[name] - low[name])
  return {
    recordsPerShard: perShard,
    batchesPerShard: between('batchesPerShard'),
    itemsPerRecord: between('itemsPerRecord'),
    feedBytesPerRecord: between('feedBytesPerRecord'),
    streamMessagesPerRecord: between('streamMessagesPerRecord'),
  }
}
