import { WebSocket, WebSocketServer } from 'ws'
import { signatureHeaders } from '../collector/signature.ts'

// The baseline: a process that reads the exchange's books and sends every frame on as it came.
const {
  KALSHI_WS_URL = '',
  KALSHI_KEY_ID: keyId = '',
  KALSHI_PRIVATE_KEY: privateKey = '',
} = process.env
const markets: unknown = JSON.parse(process.env['MARKETS'] ?? '[]')

const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false })
const headers = signatureHeaders({ keyId, privateKey }, 'GET', new URL(KALSHI_WS_URL), Date.now())
const upstream = new WebSocket(KALSHI_WS_URL, { headers })
upstream.on('message', (data) => {
  const text = String(data)
  for (const client of server.clients) client.send(text)
})
upstream.on('open', () => {
  const params = { channels: ['orderbook_delta'], market_tickers: markets }
  upstream.send(JSON.stringify({ id: 1, cmd: 'subscribe', params }))
  const address = server.address()
  const port = address !== null && typeof address === 'object' ? address.port : 0
  process.send?.({ type: 'ready', url: `ws://127.0.0.1:${port}` })
})
process.on('disconnect', () => process.exit(0))
process.on('message', () => process.exit(0))
