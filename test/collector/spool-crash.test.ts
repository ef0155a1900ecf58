import { fork } from 'node:child_process'
import { once } from 'node:events'
import { copyFile, mkdir, readFile, stat, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { must } from '../core/arbitraries.ts'
import type { ChildPlan } from './spool-child.ts'
import { emptyFolder, entries, openedSpool, range, readAll, spoolFiles } from './spool-fixture.ts'

const CHILD = fileURLToPath(new URL('./spool-child.ts', import.meta.url))

/** Writes each group as one block. @returns where each block ends in the one file */
async function writeBlocks(dir: string, sizes: readonly number[]): Promise<number[]> {
  const { spool } = await openedSpool(dir)
  const ends: number[] = []
  let n = 0
  for (const size of sizes) {
    spool.append(entries(n, n + size))
    await spool.flush()
    ends.push((await stat(join(dir, must((await spoolFiles(dir))[0])))).size)
    n += size
  }
  await spool.close()
  return ends
}

/** Runs a child and kills it shortly after it has spoken so often. @returns how many entries it called written */
async function killedChild(plan: ChildPlan, words: number): Promise<number> {
  const child = fork(CHILD, { stdio: ['ignore', 'pipe', 'inherit', 'ipc'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  const lines = createInterface({ input: must(child.stdout) })
  let written = 0
  let said = 0
  lines.on('line', (line) => {
    written = Number(line.replace('written ', ''))
    said += 1
    // In the middle of whatever it does then.
    if (said === words) setTimeout(() => child.kill('SIGKILL'), Math.random() * 8)
  })
  child.send(plan)
  await Promise.all([once(child, 'exit'), once(lines, 'close')])
  return written
}

test('a last block that is cut off at any byte is gone, and nothing else', async () => {
  const dir = await emptyFolder()
  const [, second = 0, third = 0] = await writeBlocks(dir, [5, 4, 3])
  const [name = ''] = await spoolFiles(dir)
  for (let cut = second; cut <= third; cut++) {
    const torn = join(dir, `torn-${cut}`)
    await mkdir(torn)
    await copyFile(join(dir, name), join(torn, name))
    await truncate(join(torn, name), cut)
    const { spool } = await openedSpool(torn)
    const whole = cut === third ? 12 : 9
    expect(await readAll(spool)).toMatchObject({ numbers: range(0, whole), lost: false })
    // What follows is written as if nothing had been, and the cut is for good.
    spool.append(entries(whole, 14))
    await spool.close()
    const again = await openedSpool(torn)
    expect(await readAll(again.spool)).toMatchObject({ numbers: range(0, 14), lost: false })
    await again.spool.close()
  }
})

test('a last block of which any part never reached the disk is gone, and nothing else', async () => {
  const dir = await emptyFolder()
  const [, second = 0, third = 0] = await writeBlocks(dir, [5, 4, 3])
  const [name = ''] = await spoolFiles(dir)
  const bytes = await readFile(join(dir, name))
  for (let from = second; from < third; from++) {
    const torn = join(dir, `zeros-${from}`)
    await mkdir(torn)
    await writeFile(join(torn, name), Buffer.from(bytes).fill(0, from))
    const { spool } = await openedSpool(torn)
    expect(await readAll(spool)).toMatchObject({ numbers: range(0, 9), lost: false })
    await spool.close()
  }
})

test('a file that was only begun is no obstacle', async () => {
  const dir = await emptyFolder()
  await writeBlocks(dir, [5])
  for (const begun of ['', 'KBS', 'KBSPOOL1']) {
    await writeFile(join(dir, '0000000002.spool'), begun)
    const { spool } = await openedSpool(dir)
    expect(await readAll(spool)).toMatchObject({ numbers: range(0, 5), lost: false })
    await spool.close()
  }
})

test('a spoilt block in the middle is said to be lost where it stood, whatever byte of it is wrong', async () => {
  const dir = await emptyFolder()
  const [first = 0, second = 0] = await writeBlocks(dir, [5, 4, 3, 2])
  const [name = ''] = await spoolFiles(dir)
  const bytes = await readFile(join(dir, name))
  for (let at = first; at < second; at++) {
    const spoilt = join(dir, `spoilt-${at}`)
    await mkdir(spoilt)
    const wrong = Buffer.from(bytes)
    wrong[at] = must(wrong[at]) ^ 0x55
    await writeFile(join(spoilt, name), wrong)
    const { spool } = await openedSpool(spoilt)
    const before = must(await spool.read(5000))
    expect(before).toMatchObject({ lost: false, entries: entries(0, 5) })
    const after = must(await spool.read(5000))
    expect(after).toMatchObject({ lost: true, entries: entries(9, 14) })
    await spool.drained(after.position)
    expect(spool.status().bytes).toBe(0)
    await spool.close()
  }
})

test('spoilt blocks of a file that is past are lost up to the next file, once', async () => {
  const dir = await emptyFolder()
  const [first = 0] = await writeBlocks(dir, [5, 4])
  const next = await openedSpool(dir)
  next.spool.append(entries(9, 12))
  await next.spool.close()
  const [name = ''] = await spoolFiles(dir)
  const bytes = await readFile(join(dir, name))
  await writeFile(join(dir, name), bytes.fill(0xff, first + 3))
  const { spool } = await openedSpool(dir)
  expect(await spool.read(5000)).toMatchObject({ lost: false, entries: entries(0, 5) })
  expect(await spool.read(5000)).toMatchObject({ lost: true, entries: entries(9, 12) })
  expect(await spool.read(5000)).toBeNull()
})

test('a loss behind which nothing stands is said all the same', async () => {
  const dir = await emptyFolder()
  const { spool } = await openedSpool(dir)
  spool.append(entries(0, 5))
  await spool.flush()
  const path = join(dir, must((await spoolFiles(dir))[0]))
  await writeFile(path, (await readFile(path)).fill(0xff, 40))
  expect(await spool.read(5000)).toMatchObject({ lost: true, entries: [] })
  expect(await spool.read(5000)).toBeNull()
  spool.append(entries(5, 8))
  await spool.flush()
  expect(await spool.read(5000)).toMatchObject({ lost: false, entries: entries(5, 8) })
})

test('a drained position behind what a power loss left of a file begins at the next', async () => {
  const dir = await emptyFolder()
  const [first = 0] = await writeBlocks(dir, [5, 4])
  const drainer = await openedSpool(dir)
  await drainer.spool.drained(must((await readAll(drainer.spool)).position))
  await drainer.spool.close()
  await truncate(join(dir, must((await spoolFiles(dir))[0])), first)
  const { spool } = await openedSpool(dir)
  spool.append(entries(9, 12))
  await spool.flush()
  expect(await readAll(spool)).toMatchObject({ numbers: range(9, 12), lost: false })
})

test('a position that a power loss tore is the one before it', async () => {
  const dir = await emptyFolder()
  await writeBlocks(dir, [5, 4, 3])
  const drainer = await openedSpool(dir)
  const first = must(await drainer.spool.read(5))
  const second = must(await drainer.spool.read(4))
  await drainer.spool.drained(first.position)
  await drainer.spool.drained(second.position)
  await drainer.spool.close()
  const path = join(dir, 'position')
  const bytes = await readFile(path)
  const older = bytes.readDoubleLE(8) < bytes.readDoubleLE(32) ? 1 : 0
  await writeFile(path, bytes.fill(0, older * 24 + 4, older * 24 + 12))
  const { spool } = await openedSpool(dir)
  expect((await readAll(spool)).numbers).toEqual(range(5, 12))
})

test('files of a later version are not touched', async () => {
  const dir = await emptyFolder()
  const path = join(dir, '0000000007.spool')
  await writeFile(path, 'KBSPOOL2 and what only it knows')
  await expect(openedSpool(dir)).rejects.toMatchObject({ name: 'SpoolError', code: 'format' })
  expect(await readFile(path, 'utf8')).toBe('KBSPOOL2 and what only it knows')
})

test('a process killed at any moment leaves all that it called written, and no hole', async () => {
  const dir = await emptyFolder()
  let drained = 0
  let next = 0
  for (let round = 0; round < 6; round++) {
    const written = await killedChild(
      { dir, entries: entries(next, next + 30_000), each: 1 + 37 * round },
      3 + 5 * round,
    )
    const { spool } = await openedSpool(dir)
    const { numbers, lost, position } = await readAll(spool)
    expect(lost).toBe(false)
    expect(written).toBeGreaterThan(0)
    expect(numbers.length).toBeGreaterThanOrEqual(next - drained + written)
    expect(numbers).toEqual(range(drained, drained + numbers.length))
    next = drained + numbers.length
    if (round % 2 === 1) {
      await spool.drained(must(position))
      drained = next
    }
    await spool.close()
  }
})

test('a folder is free as soon as the process that had it is dead', async () => {
  const dir = await emptyFolder()
  const child = fork(CHILD, { stdio: ['ignore', 'pipe', 'inherit', 'ipc'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  const lines = createInterface({ input: must(child.stdout) })
  child.send({ dir, entries: entries(0, 3), each: 3 } satisfies ChildPlan)
  await once(lines, 'line')
  await expect(openedSpool(dir)).rejects.toMatchObject({ code: 'held' })
  child.kill('SIGKILL')
  await once(child, 'exit')
  const { spool } = await openedSpool(dir)
  expect((await readAll(spool)).numbers).toEqual(range(0, 3))
})
