import { writeSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Entry } from '#core/entry'
import { openSpool } from '../../collector/spool/spool.ts'

/** What the process is told: see spool-crash.test.ts and spool-disk.test.ts. */
export type ChildPlan = { readonly dir: string; readonly entries: Entry[]; readonly each: number }

// A process that spools what it is told, in parts, and says after each how many entries are written, what the spool
// says. Then it holds the spool until it is killed.
const say = (word: string) => writeSync(1, `${word}\n`)

process.on('message', async ({ dir, entries, each }: ChildPlan) => {
  const spool = await openSpool({
    dir,
    maxBytes: 1_000_000_000,
    maxAgeS: 86_400,
    fileBytes: 30_000,
    everyMs: 1,
    syncMs: 10,
    full: () => say('full'),
    drained: () => say('drained'),
    failed: (_, detail) => say(`failed ${detail}`),
  })
  for (let n = 0; n < entries.length; n += each) {
    spool.append(entries.slice(n, n + each))
    await spool.flush().then(
      () => say(`written ${Math.min(n + each, entries.length)}`),
      () => sleep(10),
    )
  }
})
