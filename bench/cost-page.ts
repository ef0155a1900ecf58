import type { CostCounts } from './cost-counts.ts'
import {
  ASSUMED,
  type Cost,
  CUSTOMERS,
  costOf,
  diskCost,
  grownGb,
  LINES,
  RATES,
  SIZES,
} from './cost-model.ts'

/** Parts of a dollar are left out. */
const dollars = (amount: number) => `$${Math.round(amount).toLocaleString('en-US')}`
const rounded = (number: number) => `${Math.round(number * 100) / 100}`
const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
const ruled = (head: readonly string[]) => [
  row(head),
  row(head.map((_, at) => (at ? '---:' : '---'))),
]

/** The page `docs/cost.md`, from what was counted, list prices and assumptions. */
export function costPage(counts: CostCounts): string {
  return `${[
    '# What it costs',
    '',
    `\`npm run bench cost\` prints this page and writes it here; a test holds that it is what the script prints. It multiplies what \`npm run bench cost-counts\`
counted on ${counts.date} (\`bench/cost-counts.json\`) by list prices, without tax or discount. Nobody has paid such a bill yet: the sizes of Postgres and the shares of what customers
watch are assumptions, named below and in \`bench/cost-model.ts\`, to be replaced by what the first month shows.`,
    '',
    '## Dollars a month',
    '',
    'Of the platforms, without the sealed log, which grows from month to month (below).',
    '',
    ...totals(counts),
    '',
    '## What it is for',
    '',
    ...lines(counts),
    '',
    ...levers(counts),
    '',
    '## The log grows',
    '',
    `A sealed delta takes ${ASSUMED.sealedBytes} bytes (\`npm run bench size\`), and stays. \`RETAIN_SEGMENT_DAYS\` bounds it; sealed days are immutable, so that they can move to object storage.`,
    '',
    ...growth(),
    '',
    '## What was counted',
    '',
    `One connection to /v1/stream that follows 1,000 markets, eight shards, the real Worker in workerd and the collector's own outbox and link, on one machine. There a shard answers within a few
milliseconds; over a network it takes longer, batches are larger and fewer, and the calls and messages below fewer than counted.`,
    '',
    ...counted(counts),
    '',
    '## Assumptions',
    '',
    ...assumptions(),
    '',
    '## Prices',
    '',
    ...PRICE_SOURCES,
  ].join('\n')}\n`
}

const columns = RATES.flatMap((rate) => CUSTOMERS.map((customers) => ({ rate, customers })))

function totals(counts: CostCounts): string[] {
  const heads = [
    'deltas/s',
    ...CUSTOMERS.map((each) => `${each.toLocaleString('en-US')} customers`),
  ]
  const rows = RATES.map((rate) =>
    row([
      rate.toLocaleString('en-US'),
      ...CUSTOMERS.map((customers) => dollars(sumOf(costOf(counts, rate, customers)))),
    ]),
  )
  return [...ruled(heads), ...rows]
}

function lines(counts: CostCounts): string[] {
  const short = (n: number) => (n < 1000 ? `${n}` : `${n / 1000}k`)
  const heads = [
    '',
    ...columns.map(({ rate, customers }) => `${short(rate)}/s, ${short(customers)}`),
  ]
  const costs = columns.map(({ rate, customers }) => costOf(counts, rate, customers))
  const rows = LINES.map((line) => row([line, ...costs.map((cost) => dollars(cost[line]))]))
  return [...ruled(heads), ...rows]
}

/** What is said of the tables in plain words; the order follows the numbers. */
function levers(counts: CostCounts): string[] {
  const cost = costOf(counts, 10_000, 10_000)
  const [first, second, third] = [...LINES].sort((a, b) => cost[b] - cost[a])
  const share = (line: (typeof LINES)[number] | undefined) =>
    line === undefined ? '' : `${line} (${dollars(cost[line])})`
  const each = sumOf(cost) / 10_000
  return [
    `At 10,000 deltas a second and 10,000 customers most goes to ${share(first)}, ${share(second)} and ${share(third)}; all of it is ${rounded(each)} dollars a customer. With few customers it is Postgres, the collector's egress and the calls to markets' objects. The levers, in order:`,
    '',
    '* **A Gateway for each account is awake as long as one of its connections is.** Several accounts in one Gateway divide its duration by their number.',
    '* **Each batch that holds something of what a Gateway follows is a message to it.** Gathering them in the shard for 50 to 100 ms, where the customer asked for conflation anyway, divides the messages and adds that much latency.',
    '* **Only watched markets are published**, so that the calls to markets follow demand; a market read through a Gateway alone costs no call at all. A socket from shard to market in place of calls would be billed at a twentieth.',
    '* **A request reserves before it is answered, and settles**: rows written are that. Reserving a few credits ahead for an isolate would divide them, at the price of credits that are reserved and not spent.',
    '* **The collector prints records as JSON**; compression or a binary feed would cut its egress, by how much was not measured.',
    '* **Checkpoints** are bounded by time and not by deltas: one row for each watched book in 15 s.',
  ]
}

function growth(): string[] {
  const heads = ['deltas/s', 'a month adds', 'disk after 1 month', 'after 12 months']
  const rows = RATES.map((rate) =>
    row([
      rate.toLocaleString('en-US'),
      `${Math.round(grownGb(rate))} GB`,
      `${dollars(diskCost(rate, 1))} a month`,
      `${dollars(diskCost(rate, 12))} a month`,
    ]),
  )
  return [...ruled(heads), ...rows]
}

function counted({ rates }: CostCounts): string[] {
  const heads = [
    'watched deltas/s of a shard',
    'batches/s',
    'items a delta',
    'feed bytes a delta',
    'stream messages a delta',
  ]
  const rows = rates.map((each) =>
    row([
      rounded(each.recordsPerShard),
      rounded(each.batchesPerShard),
      rounded(each.itemsPerRecord),
      rounded(each.feedBytesPerRecord),
      rounded(each.streamMessagesPerRecord),
    ]),
  )
  return [...ruled(heads), ...rows]
}

function assumptions(): string[] {
  const a = ASSUMED
  const share = (part: number) => `${part * 100} %`
  const watched = CUSTOMERS.map((each) => `${share(a.watchedShare[each])} by ${each}`).join(', ')
  const sizes = RATES.map(
    (rate) => `${SIZES[rate].compute} and ${SIZES[rate].shards} shards at ${rate}/s`,
  )
  return [
    `* \`watchedShare\`: of all deltas, so many are of a watched market: ${watched} customers.`,
    `* \`streamingShare\`, \`streamingHours\`: ${share(a.streamingShare)} of the customers keep a stream open for ${a.streamingHours} hours a day, each with a Gateway of its own; \`followedShare\`: it follows ${share(a.followedShare)} of the watched deltas.`,
    `* \`marketBookShare\`: ${share(a.marketBookShare)} of the watched deltas are also of a market whose own stream is open or that REST reads; \`applyMs\`: one call keeps its object awake for ${a.applyMs} ms.`,
    `* \`requests\`: ${a.requests.toLocaleString('en-US')} REST requests a customer and month of ${a.requestCpuMs} ms, each with a read of KV, ${a.spendCalls} calls to the account's object and ${a.spendRows} rows written there; \`historyShare\`: ${share(a.historyShare)} read the past, of ${a.historyBytes} bytes, the others call a market's object.`,
    `* \`checkpointS\`, \`alarmS\`: a row for each of five watched books a customer (\`activeMarkets\`: at most ${a.activeMarkets}) in ${a.checkpointS} s, and one and a request for each shard in ${a.alarmS} s; \`watchChanges\`: ${a.watchChanges} rows a customer and day; \`meterRows\`: ${a.meterRows} an hour; \`renewS\`: an open stream is renewed at its account by a request and a row in ${a.renewS} s.`,
    `* Messages that a Gateway gets over the sockets that it opened are billed as those that come over any websocket.`,
    `* \`hotBytes\`, \`hotS\`: ${a.hotBytes} bytes a delta for ${a.hotS / 60} minutes until its hour is sealed and dropped.`,
    `* \`collectorCpuS\`: ${a.collectorCpuS} s for a million deltas (\`npm run bench ingest\`); ${a.collectorGb} GB of memory and ${a.waitingGb} for the one that waits; ${a.spoolGb} GB of spool each; \`insertBytes\`: ${a.insertBytes} bytes a delta to Postgres.`,
    `* \`SIZES\`: Postgres ${sizes.join(', ')}. On two cores with Postgres and the exchange beside it the collector stores 35,000 to 43,000 deltas a second.`,
  ]
}

const PRICE_SOURCES = [
  'Looked up in November 2026 (`bench/cost-prices.ts`). What each plan includes is taken off, but for the first million calls and 0.4 million gigabyte-seconds of objects (five dollars). Workers Logs are left out.',
  '',
  '* Cloudflare: <https://developers.cloudflare.com/workers/platform/pricing/>, <https://developers.cloudflare.com/durable-objects/platform/pricing/>, <https://developers.cloudflare.com/kv/platform/pricing/>. Hyperdrive and egress cost nothing.',
  '* Supabase: <https://supabase.com/pricing>.',
  '* Railway: <https://railway.com/pricing>; its prices were taken from a copy and are to be looked at again.',
]

function sumOf(cost: Cost): number {
  return LINES.reduce((sum, line) => sum + cost[line], 0)
}
