import { CLOCK_FAULTS } from './clock-faults.ts'
import type { Fault } from './fault.ts'
import { FEED_FAULTS } from './feed-faults.ts'
import { MARKET_FAULTS } from './market-faults.ts'
import { PROCESS_FAULTS } from './process-faults.ts'
import { RESTORE_FAULTS } from './restore-faults.ts'
import { STORE_FAULTS } from './store-faults.ts'

/** Faults that strike one after the other, on one exchange and one store. */
export type FaultGroup = {
  readonly name: string
  /** Whether its collectors are processes of their own. */
  readonly apart: boolean
  readonly faults: readonly Fault[]
}

/** Every fault of the matrix. */
export const FAULT_GROUPS: readonly FaultGroup[] = [
  { name: 'feed', apart: false, faults: [...FEED_FAULTS, ...MARKET_FAULTS] },
  { name: 'store', apart: false, faults: STORE_FAULTS },
  { name: 'clock', apart: false, faults: CLOCK_FAULTS },
  { name: 'restore', apart: false, faults: RESTORE_FAULTS },
  { name: 'process', apart: true, faults: PROCESS_FAULTS },
]
