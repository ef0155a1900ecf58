import { type Collector, startCollector } from './collector.ts'
import { readCollectorConfig } from './config.ts'
import { logEvent } from './log-event.ts'
import { connectStore } from './store/connect.ts'

const STATUS_MS = 1000
/** A write under way when we are told to stop may hang on a Postgres that is away. */
const STOP_MS = 5000

// The collector's process. Under a starter (IPC) it says `ready` and its status, and ends with it.
const read = readCollectorConfig(process.env)
if (!read.ok) {
  process.stderr.write(`the collector's configuration is wrong:\n  ${read.problems.join('\n  ')}\n`)
  process.exit(1)
}
const sql = connectStore(read.config.COLLECTOR_DATABASE_URL)
let collector: Collector | null = null
let stopping = false

async function stop(code: number): Promise<void> {
  if (stopping) return
  stopping = true
  setTimeout(() => process.exit(1), STOP_MS).unref()
  await collector?.stop()
  await sql.end({ timeout: 1 })
  logEvent('stopped')
  process.exit(code)
}

process.on('SIGTERM', () => stop(0))
process.on('SIGINT', () => stop(0))
process.on('disconnect', () => stop(0))
process.on('message', (message: { type?: unknown }) => {
  if (message.type === 'stop') void stop(0)
  if (message.type === 'checksums' && collector) {
    process.send?.({ type: 'checksums', checksums: collector.checksums() })
  }
})

try {
  collector = await startCollector(read.config, sql, (reason) => {
    logEvent('failed', { reason })
    void stop(1)
  })
  process.send?.({ type: 'ready' })
  setInterval(() => {
    if (process.connected && collector) {
      process.send?.({ type: 'status', status: collector.status() })
    }
  }, STATUS_MS).unref()
} catch (error) {
  const reason = error instanceof Error ? error.message : String(error)
  logEvent('failed', { reason })
  process.send?.({ type: 'failed', message: reason })
  await stop(1)
}
