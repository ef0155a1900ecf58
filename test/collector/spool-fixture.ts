import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import type { Entry } from '#core/entry'
import { openSpool, type Spool, type SpoolOptions } from '../../collector/spool/spool.ts'
import { change, must, price, seq, size, ticker, us } from '../core/arbitraries.ts'

const EPOCH = 7800 * 2 ** 32
/** Now, so that nothing of a test is old. */
const START_US = Date.now() * 1000

/** The n-th delta of a test; those of seven markets follow each other. */
export function entry(n: number, recv: number = START_US + n): Entry {
  return {
    kind: 'record',
    market: ticker(`KXTEST-26NOV22-T${n % 7}.5`),
    record: {
      kind: 'delta',
      seq: seq(EPOCH + n),
      recv: us(recv),
      event: us(recv - 20_000),
      side: n % 2 === 0 ? 'yes' : 'no',
      price: price(10_000 * (1 + (n % 98))),
      change: change('-1.25'),
      size: size(n),
    },
  }
}

/** Entries number `from` to `to`, without it. */
export function entries(from: number, to: number): Entry[] {
  return Array.from({ length: to - from }, (_, i) => entry(from + i))
}

/** The numbers that `entry` was given. */
export function numbersOf(read: readonly Entry[]): number[] {
  return read.map((one) => must(one.kind === 'record' ? one.record.seq - EPOCH : null))
}

/** A folder that is gone after the test. */
export async function emptyFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'kalshibook-spool-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}

/** A spool, closed after the test, and what it says. */
export async function openedSpool(
  dir: string,
  options: Partial<SpoolOptions> = {},
): Promise<{ spool: Spool; said: string[] }> {
  const said: string[] = []
  const spool = await openSpool({
    dir,
    maxBytes: 1_000_000_000,
    maxAgeS: 86_400,
    fileBytes: 1_000_000,
    everyMs: 5,
    syncMs: 50,
    full: () => said.push('full'),
    drained: () => said.push('drained'),
    failed: (_, detail) => said.push(`failed ${detail}`),
    ...options,
  })
  onTestFinished(() => spool.close().catch(() => {}))
  return { spool, said }
}

/** All that can be read, and whether something before it was lost. */
export async function readAll(spool: Spool, most = 5000) {
  const read: Entry[] = []
  let lost = false
  let position = null
  for (let batch = await spool.read(most); batch !== null; batch = await spool.read(most)) {
    read.push(...batch.entries)
    lost ||= batch.lost
    position = batch.position
  }
  return { numbers: numbersOf(read), lost, position }
}

/** The names of a folder's spool files, in order. */
export async function spoolFiles(dir: string): Promise<string[]> {
  return (await readdir(dir)).filter((name) => name.endsWith('.spool')).sort()
}

/** from, from + 1, … to - 1 */
export function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, i) => from + i)
}
