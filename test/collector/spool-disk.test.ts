import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'
import { must } from '../core/arbitraries.ts'
import { until } from '../until.ts'
import type { ChildPlan } from './spool-child.ts'
import { emptyFolder, entries, openedSpool, range, readAll } from './spool-fixture.ts'

const run = promisify(execFile)
const CHILD = fileURLToPath(new URL('./spool-child.ts', import.meta.url))
const devFull = existsSync('/dev/full') ? test : test.skip
/** Changes a limit of a living process; Linux alone has it. */
const prlimit = process.platform === 'linux' && existsSync('/usr/bin/prlimit') ? test : test.skip

// /dev/full is a disk without room: https://man7.org/linux/man-pages/man4/full.4.html
devFull('a full disk is said once, throws nothing into append, and costs nothing', async () => {
  const dir = await emptyFolder()
  const { spool, said } = await openedSpool(dir)
  const next = join(dir, '0000000001.spool')
  await symlink('/dev/full', next)
  spool.append(entries(0, 10))
  await until('it says so', () => said.length > 0)
  expect(said).toEqual(['failed ENOSPC'])
  expect(spool.status()).toMatchObject({ failing: 'ENOSPC', full: false })
  for (let n = 10; n < 5000; n += 10) spool.append(entries(n, n + 10))
  await expect(spool.flush()).rejects.toMatchObject({ name: 'SpoolError', code: 'disk' })
  expect(await spool.read(100)).toBeNull()
  expect(said).toEqual(['failed ENOSPC'])
  await rm(next)
  await until('it goes on', () => said.length > 1)
  expect(said).toEqual(['failed ENOSPC', 'drained'])
  expect(spool.status().failing).toBeNull()
  spool.append(entries(5000, 5100))
  await spool.flush()
  expect(await readAll(spool)).toMatchObject({ numbers: range(0, 5100), lost: false })
})

devFull('what a refusing disk keeps waiting counts against the bound', async () => {
  const dir = await emptyFolder()
  const { spool, said } = await openedSpool(dir, { maxBytes: 20_000 })
  const next = join(dir, '0000000001.spool')
  await symlink('/dev/full', next)
  for (let n = 0; n < 3000; n += 10) spool.append(entries(n, n + 10))
  await until('it says so', () => said.length > 1)
  expect(said).toEqual(['full', 'failed ENOSPC'])
  await rm(next)
  await spool.flush()
  // The disk takes it again, and still the spool is full.
  expect(said).toEqual(['full', 'failed ENOSPC'])
  await spool.drained(must((await readAll(spool)).position))
  expect(said).toEqual(['full', 'failed ENOSPC', 'drained'])
})

devFull('a spool that cannot write says so when it is closed', async () => {
  const dir = await emptyFolder()
  const { spool } = await openedSpool(dir)
  await symlink('/dev/full', join(dir, '0000000001.spool'))
  spool.append(entries(0, 10))
  await expect(spool.close()).rejects.toMatchObject({ name: 'SpoolError', code: 'disk' })
  await rm(join(dir, '0000000001.spool'))
  const again = await openedSpool(dir)
  expect(await again.spool.read(10)).toBeNull()
})

prlimit(
  'a disk that takes half of a block, and later the rest, keeps every entry once',
  async () => {
    const dir = await emptyFolder()
    // 20 blocks of 512 or 1024 bytes: less than a file of this child grows to.
    const child = spawn('sh', ['-c', 'ulimit -S -f 20; exec "$0" "$1"', process.execPath, CHILD], {
      stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    })
    onTestFinished(() => void child.kill('SIGKILL'))
    const said: string[] = []
    createInterface({ input: must(child.stdout) }).on('line', (line) => said.push(line))
    child.send({ dir, entries: entries(0, 20_000), each: 100 } satisfies ChildPlan)
    await until('it fails', () => said.some((word) => word.startsWith('failed')))
    expect(said.at(-1)).toBe('failed EFBIG')
    await run('prlimit', ['--pid', String(child.pid), '--fsize=unlimited'])
    await until('all is written', () => said.includes('written 20000'))
    expect(said.filter((word) => !word.startsWith('written'))).toEqual(['failed EFBIG', 'drained'])
    child.kill('SIGKILL')
    await once(child, 'exit')
    const { spool } = await openedSpool(dir)
    expect(await readAll(spool)).toMatchObject({ numbers: range(0, 20_000), lost: false })
  },
)

test('a folder that cannot be one is refused with what the disk said', async () => {
  const dir = await emptyFolder()
  await writeFile(join(dir, 'file'), '')
  await expect(openedSpool(join(dir, 'file'))).rejects.toMatchObject({ code: 'disk' })
  await mkdir(join(dir, 'spool', 'position'), { recursive: true })
  await expect(openedSpool(join(dir, 'spool'))).rejects.toMatchObject({ code: 'disk' })
  await rm(join(dir, 'spool', 'position'), { recursive: true })
  await openedSpool(join(dir, 'spool'))
})
