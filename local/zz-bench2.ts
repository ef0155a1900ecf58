import { WebSocket } from 'ws'
import postgres from 'postgres'
import { freshDatabase } from '../test/database.ts'
import { seedDevelopmentKey } from './development-key.ts'
import { startWorker } from './zz-worker.ts'
import { makeApiKey } from '#core/api-key'
import { randomBytes } from 'node:crypto'
const db = await freshDatabase()
const key = makeApiKey(randomBytes(128))
const pepper = 'pepper-pepper-pepper-pepper'
await seedDevelopmentKey(db.ownerUrl, key, pepper)
const sql = postgres(db.ownerUrl)
await sql`insert into kb.lease values (0, 9000, 'lease', 'me', 1)`
await sql`insert into kb.markets (ticker, event_ticker, title, market_type, status, raw, first_seen_us, updated_us) values ('A-B-C','A-B','t','binary','active','{}',1,1)`
const w = await startWorker({ port: 0, stateDir: '/tmp/kb-state', readerUrl: db.readerUrl, accountUrl: db.accountUrl, bindings: { FEED_TOKEN: 'token-token-token-token', KEY_PEPPER_V1: pepper, CURSOR_SECRET_V1: 'cursor-cursor-cursor', FEED_SHARDS: '1', FEED_ENV: 'local' } })
const url = (process.env['DIRECT'] ? (w as any).direct : w.url).replace('http', 'ws')
const feed = new WebSocket(`${url}/internal/feed/0`, { headers: { authorization: 'Bearer token-token-token-token' }, perMessageDeflate: false })
await new Promise((r, j) => { feed.on('open', r); feed.on('error', j) })
const E = 9000 * 2 ** 32
feed.on('message', (d) => { const m = JSON.parse(String(d)); if (m.watch?.length) feed.send(JSON.stringify({ n: 1, items: [{ m: 'A-B-C', image: { seq: E, yes: [['0.4000', '5.00']], no: [], event_us: null, recv_us: Date.now() * 1000 } }] })) })
feed.on('close', (c, r) => console.log('feed closed', c, String(r)))
feed.send(JSON.stringify({ hello: { v: 1, env: 'local', epoch: 9000, lease: 'lease', shard: 0, shards: 1 } }))
const beat = setInterval(() => feed.send(JSON.stringify({ beat: { sent_us: Date.now() * 1000, upstream_age_ms: 1, lag_p50_ms: 1, lag_p99_ms: 1, stale: 0, gaps: 0 } })), 1000)
await new Promise((r) => setTimeout(r, 300))
const sub = new WebSocket(`${url}/v1/markets/A-B-C/stream`, { headers: { authorization: `Bearer ${key}` }, perMessageDeflate: false })
await new Promise((r, j) => { sub.on('open', r); sub.on('error', j) })
const sent = new Map<number, number>(); const lat: number[] = []
let ready: () => void; const isReady = new Promise<void>((r) => { ready = r })
sub.on('message', (d) => {
  const now = performance.now(); const m = JSON.parse(String(d))
  if (m.type === 'ready') ready()
  if (m.type === 'deltas') for (let s = m.seq[0]; s <= m.seq[1]; s++) lat.push(now - sent.get(s)!)
})
sub.send(JSON.stringify({ op: 'subscribe', id: 1 }))
await isReady
let n = 1, batch = 1
const RATE = Number(process.env['RATE'] ?? 1000), TOTAL = RATE * 5
const start = performance.now()
await new Promise<void>((done) => { const tick = setInterval(() => {
  const due = Math.min(TOTAL, ((performance.now() - start) / 1000) * RATE)
  while (n <= due) { const seq = E + n; sent.set(seq, performance.now()); feed.send(JSON.stringify({ n: ++batch, items: [{ m: 'A-B-C', records: [{ type: 'delta', seq, side: 'yes', price: '0.4000', change: '1.00', size: `${5 + n}.00`, event_us: null, recv_us: Date.now() * 1000 }] }] })); n++ }
  if (n > TOTAL) { clearInterval(tick); done() }
}, 1) })
await new Promise((r) => setTimeout(r, 1000))
lat.sort((a, b) => a - b)
console.log({ got: lat.length, p50: lat[lat.length >> 1], p99: lat[Math.floor(lat.length * 0.99)], max: lat.at(-1) })
clearInterval(beat); feed.close(); sub.close(); await sql.end(); await w.stop(); await db.stop()
