import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { dataFolder } from '../../local/data-folder.ts'
import { lockFolder } from '../../local/folder-lock.ts'

let dir: string

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'kalshibook-folder-'))
})

afterEach(async () => {
  await rm(dir, { recursive: true, force: true })
})

test('a folder in use is refused before anything is forgotten, and free when it is released', async () => {
  const first = await dataFolder(dir, false)
  await writeFile(join(dir, 'secrets.json'), '{}')
  await expect(dataFolder(dir, true)).rejects.toThrow(`${dir} is in use by process ${process.pid}`)
  await expect(dataFolder(dir, false)).rejects.toThrow('is in use')
  expect(existsSync(join(dir, 'secrets.json'))).toBe(true)
  await first.release()
  await (await dataFolder(dir, true)).release()
  expect((await readdir(dir)).sort()).toEqual(['log', 'outside', 'postgres', 'worker'])
})

test('fresh forgets what an installation kept, and nothing else', async () => {
  await writeFile(join(dir, 'notes.txt'), 'mine')
  await writeFile(join(dir, 'secrets.json'), '{}')
  await (await dataFolder(dir, true)).release()
  expect(existsSync(join(dir, 'secrets.json'))).toBe(false)
  expect(await readFile(join(dir, 'notes.txt'), 'utf8')).toBe('mine')
})

test('of many that start at once, one has the folder', async () => {
  const tries = await Promise.allSettled(Array.from({ length: 8 }, () => lockFolder(dir)))
  expect(tries.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  expect(await readdir(dir)).toEqual(['running.pid'])
})

test.each([
  ['of a process that has ended', async () => `${await endedProcess()} 1\n`],
  ['of a process whose id another has now', async () => `${process.pid} another time\n`],
  ['that says nothing', async () => ''],
])('a lock %s is none', async (_what, text) => {
  await writeFile(join(dir, 'running.pid'), await text())
  await (await lockFolder(dir))()
  expect(await readdir(dir)).toEqual([])
})

async function endedProcess(): Promise<number> {
  const child = spawn(process.execPath, ['--version'], { stdio: 'ignore' })
  await once(child, 'exit')
  return child.pid ?? 0
}
