import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { WebSocket } from 'ws'
import { parseInstant } from '#core/instant'
import { Child } from '../local/child.ts'
import { freePort } from '../local/free-port.ts'
import { type Product, startProduct } from '../local/product.ts'
import { type Figure, figure, percentile } from './figure.ts'

const MARKETS = 50
const RATE = 1000
const WARM_UP_MS = 5000
const MEASURED_MS = 20_000

/**
 * Latency from the exchange's send to a subscriber's receipt at 1,000 deltas a second over 50
 * markets, each with a subscriber, beside the same frames through a bare relay at the same time.
 */
export async function benchLive(): Promise<Figure[]> {
  const dir = await mkdtemp(join(tmpdir(), 'kalshibook-bench-'))
  const logFile = (name: string) => join(dir, `${name}.log`)
  const args = ['--markets', String(MARKETS), '--rate', String(RATE)]
  const children: Child[] = []
  const launch = async (name: string, program: string, args: string[], env = {}) => {
    const child = new Child({ name, program, args, env, logFile: logFile(name) })
    children.push(child)
    return child.ready()
  }
  let product: Product | null = null
  try {
    const exchange = await launch('exchange', 'simulator/main.ts', args)
    const env = {
      KALSHI_WS_URL: String(exchange['wsUrl']),
      KALSHI_REST_URL: String(exchange['restUrl']),
      KALSHI_KEY_ID: String(exchange['keyId']),
      KALSHI_PRIVATE_KEY: String(exchange['privateKeyPem']),
    }
    product = await startProduct({
      port: await freePort(),
      dataDir: join(dir, 'data'),
      fresh: false,
      json: true,
      shards: 2,
      databaseUrl: null,
      supabase: { kind: 'none' },
      stripe: { kind: 'none' },
      exchange: { kind: 'given', env },
    })
    const markets = await listMarkets(product)
    const relay = await launch('relay', 'bench/relay.ts', [], {
      ...env,
      MARKETS: JSON.stringify(markets),
    })
    return await measure(product, markets, String(relay['url']))
  } finally {
    await product?.stop()
    for (const child of children.reverse()) await child.stop()
    await rm(dir, { recursive: true, force: true })
  }
}

async function measure(product: Product, markets: string[], relayUrl: string): Promise<Figure[]> {
  const ours: number[] = []
  const relayed: number[] = []
  let measuring = false
  const sockets = markets.map((market) =>
    subscribe(product, market, (event) => measuring && ours.push(since(event))),
  )
  const relay = new WebSocket(relayUrl, { perMessageDeflate: false })
  relay.on('message', (data) => {
    const ts = /"ts":"([^"]+)"/.exec(String(data))?.[1]
    const event = ts === undefined ? null : parseInstant(ts)
    if (measuring && event !== null) relayed.push(since(event))
  })
  await sleep(WARM_UP_MS)
  measuring = true
  await sleep(MEASURED_MS)
  measuring = false
  for (const socket of [...sockets, relay]) socket.close()
  const least = (RATE * MEASURED_MS) / 1000 / 2
  if (ours.length < least || relayed.length < least) {
    throw new Error(`too few deltas came: ${ours.length} by us, ${relayed.length} by the relay`)
  }
  return [0.5, 0.99].map((share) =>
    figure(
      `live_latency_p${share * 100}_ms`,
      'ms',
      percentile(ours, share),
      percentile(relayed, share),
    ),
  )
}

function subscribe(product: Product, market: string, heard: (eventUs: number) => void): WebSocket {
  const address = product.url.replace(/^http/, 'ws')
  const socket = new WebSocket(`${address}/v1/markets/${encodeURIComponent(market)}/stream`, {
    headers: { authorization: `Bearer ${product.apiKey}` },
    perMessageDeflate: false,
  })
  socket.on('open', () => socket.send('{"op":"subscribe","id":1,"channels":["book"]}'))
  socket.on('message', (data) => {
    const message = JSON.parse(String(data)) as {
      type: string
      d?: [string, string, string, string, number | null][]
    }
    for (const [, , , , event] of message.d ?? []) if (event !== null) heard(event)
  })
  return socket
}

async function listMarkets(product: Product): Promise<string[]> {
  const headers = { authorization: `Bearer ${product.apiKey}` }
  const answer = await fetch(`${product.url}/v1/markets?limit=${MARKETS}`, { headers })
  const body = (await answer.json()) as { data: { ticker: string }[] }
  return body.data.map(({ ticker }) => ticker)
}

/** Milliseconds since a moment in µs. */
function since(us: number): number {
  return performance.timeOrigin + performance.now() - us / 1000
}
