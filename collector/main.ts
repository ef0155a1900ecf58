import { startCollector } from './collector.ts'
import { readCollectorConfig } from './config.ts'
import { Duty } from './duty.ts'
import { reasonOf } from './error-reason.ts'
import { HealthWatch } from './health.ts'
import { holderName } from './holder-name.ts'
import { startHttp } from './http.ts'
import { KalshiRest } from './kalshi-rest.ts'
import { logEvent, setLogLevel } from './log-event.ts'
import { Metrics } from './metrics.ts'
import { openSpoolBehind, SpoolValve } from './spool-valve.ts'
import { connectStore } from './store/connect.ts'

const STATUS_MS = 1000

// The collector's process. Under a starter (IPC) it says `ready` when it first records, its state and status, and ends with it.
const read = readCollectorConfig(process.env)
if (!read.ok) {
  process.stderr.write(`the collector's configuration is wrong:\n  ${read.problems.join('\n  ')}\n`)
  process.exit(1)
}
const { config } = read
setLogLevel(config.LOG_LEVEL)
process.on('uncaughtException', (error) => {
  logEvent('crashed', { reason: reasonOf(error) })
  process.exit(1)
})

const tell = (message: object) => process.connected && process.send?.(message)
const valve = new SpoolValve()
const spool = await openSpoolBehind(valve, config).catch(fail)
const holder = await holderName(config.SPOOL_DIR).catch(fail)
const { KALSHI_KEY_ID: keyId, privateKey } = config
const rest = new KalshiRest(
  config.KALSHI_REST_URL,
  { keyId, privateKey },
  config.REST_TOKENS_PER_S ?? null,
)
const sql = connectStore(config.COLLECTOR_DATABASE_URL)
// An answer about the lease that takes longer than two renewals is none.
const patience = { connectMs: 2 * config.LEASE_RENEW_MS, silenceMs: 2 * config.LEASE_RENEW_MS }
const leaseSql = connectStore(config.COLLECTOR_DATABASE_URL, 1, patience)
const metrics = new Metrics()
let ready = false
let stopping = false
const duty = new Duty({
  config,
  sql: leaseSql,
  holder,
  start: (given) => startCollector({ config, sql, rest, metrics, spool, valve, ...given }),
  changed: (state) => {
    logEvent('state', { state })
    tell({ type: 'state', state })
    if (state === 'recording' && !ready) {
      ready = true
      tell({ type: 'ready' })
    }
  },
})
const health = new HealthWatch(
  {
    state: () => duty.state,
    lease: () => duty.lease,
    status: () => duty.collector?.status() ?? null,
    spool: () => spool.status(),
  },
  {
    silentMs: config.HEALTH_SILENT_MS,
    openingMs: config.HEALTH_OPENING_MS,
    recordLagMs: config.HEALTH_LAG_MS,
    // Half is a warning in time; at the whole the exchange is no longer read.
    spoolBytes: config.SPOOL_MAX_BYTES / 2,
  },
)
metrics.readFrom(() => {
  const { state, lease, collector } = duty
  return { state, lease, epoch: collector?.epoch ?? null, status: collector?.status() ?? null }
})

function fail(error: unknown): never {
  logEvent('failed', { reason: reasonOf(error) })
  tell({ type: 'failed', message: error instanceof Error ? error.message : String(error) })
  process.exit(1)
}

/** Hands over and ends. What Postgres does not take in time stays in the spool. */
async function stop(): Promise<void> {
  if (stopping) return
  stopping = true
  setTimeout(() => {
    logEvent('stop_cut_off')
    process.exit(0)
  }, config.STOP_MS).unref()
  rest.close()
  await duty.stop()
  await Promise.all([sql.end({ timeout: 1 }), leaseSql.end({ timeout: 1 })])
  await spool.close()
  logEvent('stopped')
  process.exit(0)
}

process.on('SIGTERM', () => stop())
process.on('SIGINT', () => stop())
process.on('disconnect', () => stop())
process.on('message', (message: { type?: unknown }) => {
  if (message.type === 'stop') void stop()
  const { collector } = duty
  if (collector === null) return
  if (message.type === 'checksums') tell({ type: 'checksums', checksums: collector.checksums() })
  if (message.type === 'aside') tell({ type: 'aside', frames: collector.aside() })
})

let unhealthy = ''
setInterval(() => {
  const { state, status, reasons } = health.look()
  tell(status === null ? { type: 'status', state } : { type: 'status', state, status })
  const now = reasons.join(' ')
  if (now !== unhealthy) logEvent(now === '' ? 'healthy' : 'unhealthy', { reasons: now })
  unhealthy = now
}, STATUS_MS).unref()

try {
  if (config.HTTP_PORT !== undefined) {
    const { port } = await startHttp({
      port: config.HTTP_PORT,
      host: config.HTTP_HOST,
      adminToken: config.ADMIN_TOKEN ?? null,
      health: () => health.look(),
      metrics: () => metrics.text(),
    })
    logEvent('http_open', { port })
    tell({ type: 'http', port })
  }
  await duty.run()
} catch (error) {
  fail(error)
}
