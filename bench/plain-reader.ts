import { WebSocket } from 'ws'
import { signatureHeaders } from '../collector/signature.ts'

// The baseline of what reading costs: a process that parses every frame of all books and forgets it.
const {
  KALSHI_WS_URL = '',
  KALSHI_REST_URL = '',
  KALSHI_KEY_ID: keyId = '',
  KALSHI_PRIVATE_KEY: privateKey = '',
} = process.env

const tickers: string[] = []
for (let cursor = '', more = true; more; more = cursor !== '') {
  const page = await fetch(`${KALSHI_REST_URL}/markets?limit=1000&status=open&cursor=${cursor}`)
  const body = (await page.json()) as { markets: { ticker: string }[]; cursor: string }
  tickers.push(...body.markets.map(({ ticker }) => ticker))
  cursor = body.cursor
}

const headers = signatureHeaders({ keyId, privateKey }, 'GET', new URL(KALSHI_WS_URL), Date.now())
const ws = new WebSocket(KALSHI_WS_URL, { headers, maxPayload: 64 * 2 ** 20 })
let snapshots = 0
ws.on('message', (data) => {
  const { type } = JSON.parse(String(data)) as { type: string }
  if (type !== 'orderbook_snapshot') return
  snapshots += 1
  if (snapshots === tickers.length) process.send?.({ type: 'ready' })
})
ws.on('open', () => {
  const params = { channels: ['orderbook_delta'], market_tickers: tickers }
  ws.send(JSON.stringify({ id: 1, cmd: 'subscribe', params }))
})
process.on('disconnect', () => process.exit(0))
