import { benchCost } from './cost.ts'
import { countForCost } from './cost-counts.ts'
import { benchFanout } from './fanout.ts'
import { benchGate } from './gate.ts'
import { benchHistory } from './history.ts'
import { benchIngest } from './ingest.ts'
import { benchLive } from './live.ts'
import { benchSite } from './site.ts'
import { benchSize } from './size.ts'

// npm run bench <name>: prints one JSON line per figure, its baseline measured in the same run.
const BENCHES = {
  ingest: benchIngest,
  live: benchLive,
  size: benchSize,
  history: benchHistory,
  fanout: benchFanout,
  gate: benchGate,
  site: benchSite,
  'cost-counts': countForCost,
  cost: benchCost,
} as const

const name = process.argv[2] ?? ''
if (!(name in BENCHES)) {
  console.error(`npm run bench ${Object.keys(BENCHES).join('|')}`)
  process.exit(1)
}
for await (const figure of await BENCHES[name as keyof typeof BENCHES]()) {
  console.log(typeof figure === 'string' ? figure : JSON.stringify(figure))
}
process.exit(0)
