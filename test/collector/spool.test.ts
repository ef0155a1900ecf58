import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Entry } from '#core/entry'
import { epoch, must, us } from '../core/arbitraries.ts'
import { anyEntry } from '../core/entry-arbitraries.ts'
import {
  emptyFolder,
  entries,
  entry,
  numbersOf,
  openedSpool,
  range,
  readAll,
  spoolFiles,
} from './spool-fixture.ts'

test('what is appended is read in order, once, without anybody asking for it to be written', async () => {
  const { spool } = await openedSpool(await emptyFolder())
  const read: number[] = []
  const reading = (async () => {
    while (read.length < 5000) {
      await spool.arrival()
      const batch = await spool.read(1000)
      if (batch !== null) read.push(...numbersOf(batch.entries))
    }
  })()
  for (let n = 0; n < 5000; n += 50) {
    spool.append(entries(n, n + 50))
    if (n % 500 === 0) await new Promise((resolve) => setImmediate(resolve))
  }
  await reading
  expect(read).toEqual(range(0, 5000))
  expect(await spool.read(1000)).toBeNull()
})

test('entries of every kind come back from the disk as they were', async () => {
  const dir = await emptyFolder()
  const all = fc.sample(anyEntry, { numRuns: 2000, seed: 7 })
  const { spool } = await openedSpool(dir, { fileBytes: 20_000 })
  for (const one of all) spool.append([one])
  await spool.close()
  const again = await openedSpool(dir)
  const read: Entry[] = []
  for (let batch = await again.spool.read(100); batch; batch = await again.spool.read(100)) {
    expect(batch.lost).toBe(false)
    read.push(...batch.entries)
  }
  expect(read).toEqual(all)
})

test('a batch holds no more than was asked for, and the next goes on behind it', async () => {
  const { spool } = await openedSpool(await emptyFolder())
  spool.append(entries(0, 10_000))
  await spool.flush()
  const sizes: number[] = []
  const read: number[] = []
  for (let batch = await spool.read(2500); batch !== null; batch = await spool.read(2500)) {
    sizes.push(batch.entries.length)
    read.push(...numbersOf(batch.entries))
  }
  expect(Math.max(...sizes)).toBeLessThanOrEqual(2500)
  expect(sizes.length).toBeLessThanOrEqual(6)
  expect(read).toEqual(range(0, 10_000))
})

test('a mark stands behind what was appended before it', async () => {
  const { spool } = await openedSpool(await emptyFolder())
  const mark = { epoch: epoch(7800), through: us(5), alive: [{ connection: 1, us: us(4) }] }
  spool.append([entry(1)])
  spool.mark(mark)
  spool.append([entry(2)])
  await spool.flush()
  expect(await spool.read(10)).toMatchObject({
    entries: [entry(1), { kind: 'mark', mark }, entry(2)],
  })
})

test('after a restart reading begins behind what was drained, and old entries come before new ones', async () => {
  const dir = await emptyFolder()
  const first = await openedSpool(dir, { fileBytes: 4000 })
  first.spool.append(entries(0, 3000))
  await first.spool.flush()
  await first.spool.read(1000)
  const second = must(await first.spool.read(1000))
  await first.spool.drained(second.position)
  const left = must(numbersOf(second.entries).at(-1)) + 1
  await first.spool.close()
  const { spool } = await openedSpool(dir, { fileBytes: 4000 })
  spool.append(entries(3000, 3500))
  await spool.flush()
  const { numbers, lost } = await readAll(spool)
  expect(left).toBeGreaterThan(0)
  expect(numbers).toEqual(range(left, 3500))
  expect(lost).toBe(false)
})

test('what was read but not drained is read again after a restart, and after a rewind', async () => {
  const dir = await emptyFolder()
  const { spool } = await openedSpool(dir, { fileBytes: 5000 })
  spool.append(entries(0, 2500))
  await spool.flush()
  const first = must(await spool.read(1000))
  await spool.drained(first.position)
  const from = first.entries.length
  expect((await readAll(spool)).numbers).toEqual(range(from, 2500))
  expect(await spool.read(1000)).toBeNull()
  spool.rewind()
  await spool.arrival()
  expect((await readAll(spool)).numbers).toEqual(range(from, 2500))
  await spool.close()
  const again = await openedSpool(dir)
  expect((await readAll(again.spool)).numbers).toEqual(range(from, 2500))
})

test('a rewind while a read is under way is kept', async () => {
  const { spool } = await openedSpool(await emptyFolder())
  spool.append(entries(0, 100))
  await spool.flush()
  const under = spool.read(1000)
  spool.rewind()
  await under
  expect((await readAll(spool)).numbers).toEqual(range(0, 100))
})

test('a position that is drained already changes nothing', async () => {
  const { spool } = await openedSpool(await emptyFolder())
  spool.append(entries(0, 3000))
  await spool.flush()
  const first = must(await spool.read(1000))
  const { position } = await readAll(spool)
  await spool.drained(must(position))
  await spool.drained(first.position)
  spool.rewind()
  expect(await spool.read(1000)).toBeNull()
})

test('a file is followed by another when it is large, and deleted when it is drained', async () => {
  const dir = await emptyFolder()
  const { spool } = await openedSpool(dir, { fileBytes: 20_000 })
  for (let n = 0; n < 20_000; n += 1000) spool.append(entries(n, n + 1000))
  await spool.flush()
  expect(spool.status().files).toBe((await spoolFiles(dir)).length)
  expect(spool.status().files).toBeGreaterThan(5)
  const { numbers, position } = await readAll(spool, 1000)
  expect(numbers).toEqual(range(0, 20_000))
  await spool.drained(must(position))
  expect(await spoolFiles(dir)).toHaveLength(1)
  expect(spool.status()).toMatchObject({ bytes: 0, entries: 0, oldestUs: null, files: 1 })
  await spool.close()
  const again = await openedSpool(dir)
  again.spool.append(entries(20_000, 20_001))
  await again.spool.flush()
  expect((await readAll(again.spool)).numbers).toEqual([20_000])
})

test('the status tells what waits and since when, also after a restart', async () => {
  const dir = await emptyFolder()
  const { spool } = await openedSpool(dir)
  expect(spool.status()).toMatchObject({ bytes: 0, entries: 0, oldestUs: null, files: 0 })
  const since = Date.now() * 1000 - 60_000_000
  const timed = Array.from({ length: 4000 }, (_, n) => entry(n, since + n))
  spool.append(timed)
  expect(spool.status().oldestUs).toBe(since)
  await spool.flush()
  expect(spool.status().entries).toBeGreaterThan(3900)
  expect(spool.status().entries).toBeLessThan(4100)
  const batch = must(await spool.read(1000))
  await spool.drained(batch.position)
  expect(spool.status().oldestUs).toBe(since + batch.entries.length)
  const { bytes } = spool.status()
  await spool.close()
  const again = await openedSpool(dir)
  expect(again.spool.status()).toMatchObject({ bytes, oldestUs: since + batch.entries.length })
})

test('it says once that it is full, and once that half of it is free', async () => {
  const { spool, said } = await openedSpool(await emptyFolder(), { maxBytes: 60_000 })
  for (let n = 0; n < 20_000; n += 100) spool.append(entries(n, n + 100))
  expect(said).toEqual(['full'])
  expect(spool.status().full).toBe(true)
  await spool.flush()
  let read = 0
  while (said.length < 2) {
    const batch = must(await spool.read(1000))
    read += batch.entries.length
    await spool.drained(batch.position)
    if (spool.status().bytes > 30_000) expect(said).toEqual(['full'])
  }
  expect(said).toEqual(['full', 'drained'])
  expect(read).toBeLessThan(20_000)
  // What came although it was full is there.
  expect((await readAll(spool)).numbers).toEqual(range(read, 20_000))
})

test('it is full, too, while the oldest entry is too old', async () => {
  const { spool, said } = await openedSpool(await emptyFolder(), { maxAgeS: 10 })
  spool.append([entry(0, Date.now() * 1000 - 9_000_000)])
  expect(said).toEqual([])
  spool.append([entry(1, Date.now() * 1000)])
  await expect.poll(() => said, { timeout: 5000 }).toEqual(['full'])
  await spool.flush()
  const { position } = await readAll(spool)
  await spool.drained(must(position))
  expect(said).toEqual(['full', 'drained'])
})

test('it is full, too, while too much waits in memory for the disk', async () => {
  const { spool, said } = await openedSpool(await emptyFolder())
  const text = 'x'.repeat(1_000_000)
  const aside = { market: null, recv: us(Date.now() * 1000), kind: 'unknown', reason: '', text }
  for (let n = 0; n < 70; n += 1) {
    spool.append([{ kind: 'aside', aside: { ...aside, kind: 'unknown' } }])
  }
  expect(said).toEqual(['full'])
  await spool.flush()
  await expect.poll(() => said, { timeout: 5000 }).toEqual(['full', 'drained'])
})

test('only its owner can read what it writes', async () => {
  const dir = join(await emptyFolder(), 'deep', 'spool')
  const { spool } = await openedSpool(dir)
  spool.append(entries(0, 10))
  await spool.flush()
  expect((await stat(dir)).mode & 0o777).toBe(0o700)
  const names = await readdir(dir)
  expect(names.length).toBeGreaterThanOrEqual(3)
  for (const name of names) expect((await stat(join(dir, name))).mode & 0o777).toBe(0o600)
})

test('a second opener is refused, and let in when the first has closed', async () => {
  const dir = await emptyFolder()
  const { spool } = await openedSpool(dir)
  await expect(openedSpool(dir)).rejects.toMatchObject({ name: 'SpoolError', code: 'held' })
  await expect(openedSpool(dir)).rejects.toMatchObject({ name: 'SpoolError', code: 'held' })
  spool.append(entries(0, 10))
  await spool.close()
  const again = await openedSpool(dir)
  expect((await readAll(again.spool)).numbers).toEqual(range(0, 10))
})

test('whoever waits for an arrival goes on when the spool is closed, and a closed spool takes nothing', async () => {
  const dir = await emptyFolder()
  const { spool } = await openedSpool(dir)
  const arrival = spool.arrival()
  await spool.close()
  await arrival
  spool.append(entries(0, 10))
  expect(await spool.read(10)).toBeNull()
  const again = await openedSpool(dir)
  expect(await again.spool.read(10)).toBeNull()
})
