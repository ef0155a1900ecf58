import { keptForAWhile } from './kept-for-a-while.ts'
import { readStatus } from './read-status.ts'

/** How long (ms) an answer is given to whoever asks, and how long a request waits for what another one began. */
const KEPT_MS = 1000
const PATIENCE_MS = 1500

/** The status as it was read within the last second, however many ask. Never throws. */
export const keptStatus = keptForAWhile(readStatus, KEPT_MS, PATIENCE_MS)
