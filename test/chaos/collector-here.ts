import type { DutyState } from '#core/health'
import type { Clock } from '../../collector/clock.ts'
import { startCollector } from '../../collector/collector.ts'
import { readCollectorConfig } from '../../collector/config.ts'
import { Duty } from '../../collector/duty.ts'
import { holderName } from '../../collector/holder-name.ts'
import { KalshiRest } from '../../collector/kalshi-rest.ts'
import { setLogLevel } from '../../collector/log-event.ts'
import { Metrics } from '../../collector/metrics.ts'
import { openSpoolBehind, SpoolValve } from '../../collector/spool-valve.ts'
import { connectStore } from '../../collector/store/connect.ts'
import type { RunningCollector } from './running-collector.ts'

/**
 * Starts a collector in this process, whole but for HTTP: as collector/main.ts does, with its lease and its epochs.
 * Throws when the configuration is wrong, or the spool cannot be opened.
 * @param wall its time of day
 */
export async function collectorHere(
  name: string,
  env: Readonly<Record<string, string>>,
  wall: Clock,
): Promise<RunningCollector> {
  const read = readCollectorConfig(env)
  if (!read.ok) throw new Error(read.problems.join('\n'))
  const { config } = read
  setLogLevel(config.LOG_LEVEL)
  const valve = new SpoolValve()
  const spool = await openSpoolBehind(valve, config)
  const { KALSHI_KEY_ID: keyId, privateKey } = config
  const rest = new KalshiRest(config.KALSHI_REST_URL, { keyId, privateKey }, null)
  const sql = connectStore(config.COLLECTOR_DATABASE_URL)
  const patience = { connectMs: 2 * config.LEASE_RENEW_MS, silenceMs: 2 * config.LEASE_RENEW_MS }
  const leaseSql = connectStore(config.COLLECTOR_DATABASE_URL, 1, patience)
  const metrics = new Metrics()
  let state: DutyState | 'ended' = 'standby'
  const duty = new Duty({
    config,
    sql: leaseSql,
    holder: await holderName(config.SPOOL_DIR),
    start: (given) => startCollector({ config, sql, rest, metrics, spool, valve, wall, ...given }),
    changed: (now) => {
      state = now
    },
  })
  const running = duty.run().finally(() => {
    state = 'ended'
  })
  running.catch(() => {})
  return {
    name,
    get state() {
      return state
    },
    checksums: async () => {
      if (duty.collector === null) throw new Error(`${name} records nothing now`)
      return duty.collector.checksums()
    },
    stop: async () => {
      rest.close()
      await duty.stop()
      await Promise.all([sql.end({ timeout: 1 }), leaseSql.end({ timeout: 1 })])
      await spool.close()
    },
  }
}
