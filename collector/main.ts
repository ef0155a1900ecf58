import { setTimeout as sleep } from 'node:timers/promises'
import { backoffMs } from '#core/backoff'
import { type Collector, type EpochEnd, startCollector } from './collector.ts'
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
const { config } = read
const sql = connectStore(config.COLLECTOR_DATABASE_URL)
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

/** Opens one epoch after the other, until the lease is lost. Throws when the first cannot be opened. */
async function record(): Promise<void> {
  let above = -1
  for (let epochs = 0; !stopping; epochs++) {
    const end = await recordEpoch(above, epochs === 0)
    if (end?.kind === 'lease_lost' || stopping) return
    if (end?.kind === 'superseded') above = end.highest
    await sleep(backoffMs(epochs, Math.random()))
  }
}

async function recordEpoch(above: number, first: boolean): Promise<EpochEnd | null> {
  const { promise, resolve } = Promise.withResolvers<EpochEnd>()
  try {
    collector = await startCollector(config, sql, resolve, above)
  } catch (error) {
    if (first) throw error
    logEvent('epoch_failed', { reason: reasonOf(error) })
    return null
  }
  if (first) process.send?.({ type: 'ready' })
  const end = await promise
  logEvent('epoch_over', { ...end })
  if (!stopping) await collector.stop()
  return end
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

process.on('SIGTERM', () => stop(0))
process.on('SIGINT', () => stop(0))
process.on('disconnect', () => stop(0))
process.on('message', (message: { type?: unknown }) => {
  if (message.type === 'stop') void stop(0)
  if (collector === null) return
  const { checksums, aside } = collector
  if (message.type === 'checksums') process.send?.({ type: 'checksums', checksums: checksums() })
  if (message.type === 'aside') process.send?.({ type: 'aside', frames: aside() })
})
setInterval(() => {
  if (!process.connected || collector === null) return
  process.send?.({ type: 'status', status: collector.status() })
}, STATUS_MS).unref()

try {
  await record()
  await stop(1)
} catch (error) {
  logEvent('failed', { reason: reasonOf(error) })
  process.send?.({ type: 'failed', message: reasonOf(error) })
  await stop(1)
}
