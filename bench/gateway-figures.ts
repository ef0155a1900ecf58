import { setTimeout as sleep } from 'node:timers/promises'
import type { Child } from '../local/child.ts'
import { fanoutTicker, SERIES } from './fanout-markets.ts'
import type { FanoutRig } from './fanout-rig.ts'
import { type Figure, figure } from './figure.ts'
import { LatencyCounts } from './latency-counts.ts'

const MARKETS = 1000
const RATE = 5000
const WARM_UP_MS = 3000
const MEASURED_MS = 15_000
const PATIENCE_MS = 10_000

type Said = {
  readonly records: number
  readonly images: number
  readonly imageBytes: number
  readonly wrong: string | null
  readonly latency: [number, number][]
}

/** How soon one connection that names a series has every book of it, cold; beside the same bytes from a bare server. */
export async function* seriesFigures(rig: FanoutRig, markets: number): AsyncGenerator<Figure> {
  const client = await rig.launch('series-client', 'bench/gateway-client.ts', {})
  const readyMs = await openGateway(rig, client, { series: [SERIES] })
  const ours = await saidBy(client)
  if (ours.images !== markets || ours.wrong !== null) {
    throw new Error(`${ours.images} of ${markets} books came: ${ours.wrong}`)
  }
  const url = `${rig.broadcastUrl}/images?count=${markets}&bytes=${ours.imageBytes}`
  const bare = Number((await client.ask('images', { url }))['ms'])
  await client.ask('close')
  yield figure(`series_${markets / 1000}k_ready_ms`, 'ms', readyMs, bare)
}

/** What one connection to many markets loses and how late it is, beside a bare relay of the same records at the same time. */
export async function* gatewayFigures(rig: FanoutRig): AsyncGenerator<Figure> {
  const client = await rig.launch('gateway-client', 'bench/gateway-client.ts', {})
  const markets = Array.from({ length: MARKETS }, (_, nth) => fanoutTicker(nth))
  await openGateway(rig, client, { markets })
  // In a process of its own, so that neither reader keeps the other waiting.
  const listener = await rig.launch('bare-client', 'bench/gateway-client.ts', {})
  await listener.ask('listen', { url: rig.broadcastUrl })
  const run = { first: 0, markets: MARKETS, rate: RATE, ours: true, bare: true }
  const before = await rig.send({ ...run, ms: WARM_UP_MS })
  const clients = [client, listener]
  const allCame = async (sent: number) => {
    const deadline = Date.now() + PATIENCE_MS
    for (;;) {
      const said = await Promise.all(clients.map(saidBy))
      if (said.every(({ records }) => records >= sent) || Date.now() > deadline) return said
      await sleep(50)
    }
  }
  await allCame(before)
  for (const each of clients) await each.ask('measure')
  const sent = await rig.send({ ...run, ms: MEASURED_MS })
  const [ours, bare] = await allCame(sent)
  if (ours === undefined || bare === undefined) throw new Error('a client said nothing')
  await agree(rig, client)
  for (const each of clients) await each.ask('close')
  if (ours.wrong !== null) throw new Error(`the gateway: ${ours.wrong}`)
  yield figure('gateway_lost_records', 'records', sent - ours.records, sent - bare.records)
  for (const share of [0.5, 0.99]) {
    const [value, baseline] = [ours, bare].map(({ latency }) =>
      new LatencyCounts(latency).percentile(share),
    )
    yield figure(`gateway_latency_p${share * 100}_ms`, 'ms', value ?? 0, baseline ?? 0)
  }
}

/** Holds the client's books against the feed's. Throws when one differs. */
async function agree(rig: FanoutRig, client: Child): Promise<void> {
  const books = async (child: Child, type: string) =>
    (await child.ask(type))['books'] as [string, number, number][]
  const feeds = new Map((await books(rig.feed, 'state')).map(([market, ...rest]) => [market, rest]))
  for (const [market, ...told] of await books(client, 'books')) {
    if (String(feeds.get(market)) !== String(told)) {
      throw new Error(`${market}: ${String(told)} instead of ${String(feeds.get(market))}`)
    }
  }
}

/** Opens a connection that subscribes to what is named. @returns ms from the subscribe to `ready` */
export async function openGateway(rig: FanoutRig, client: Child, what: object): Promise<number> {
  const subscribe = JSON.stringify({ op: 'subscribe', id: 1, channels: ['book'], ...what })
  const { url, headers } = rig
  const socket = { url: `${url}/v1/stream`, headers, subscribe }
  return Number((await client.ask('open', socket))['readyMs'])
}

async function saidBy(client: Child): Promise<Said> {
  return (await client.ask('report')) as unknown as Said
}
