import { costFromCounts } from './cost.ts'

// Prints what `docs/cost.md` is to be, and writes nothing.
process.stdout.write(await costFromCounts())
