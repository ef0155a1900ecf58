import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openFaultRig, strikeAndJudge } from '../chaos/collector.ts'
import { FAULT_GROUPS } from '../chaos/collector-faults.ts'
import type { FaultRig } from '../chaos/fault-rig.ts'

/** What `npm run chaos -- collector` waits for as long as in production. */
const SOONER = {
  LEASE_MS: '900',
  LEASE_RENEW_MS: '300',
  LEASE_TAKEOVER_MS: '1200',
  LEASE_LOOK_MS: '25',
  PROBE_MS: '100',
  SILENCE_MS: '1500',
  RECOVERY_MS: '300',
  HEALTHY_MS: '1000',
  SETTLE_GRACE_MS: '300',
}

// After each fault collector, store and exchange hold the same books, and every moment that nobody saw is in a gap.
describe.each(FAULT_GROUPS)('$name', ({ apart, faults }) => {
  let rig: FaultRig | undefined
  beforeAll(async () => {
    rig = await openFaultRig({ seed: 7, seconds: 0.5, times: SOONER }, { apart })
  })
  afterAll(() => rig?.stop())

  test.each(faults)('$name', async (fault) => {
    expect(rig).toBeDefined()
    if (rig === undefined) return
    const { struck, problems } = await strikeAndJudge(rig, fault)
    expect(problems).toEqual([])
    expect(struck).toBeGreaterThan(0)
  })
})
