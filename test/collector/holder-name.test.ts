import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { holderName } from '../../collector/holder-name.ts'

let dir: string

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'kalshibook-holder-'))
})
afterEach(() => rm(dir, { recursive: true, force: true }))

test('a folder keeps its name, and nobody else may read it', async () => {
  const name = await holderName(dir)
  expect(name).toMatch(/^[\w.-]+$/)
  expect(await holderName(dir)).toBe(name)
  expect(await readdir(dir)).toEqual(['holder'])
  expect((await stat(join(dir, 'holder'))).mode & 0o777).toBe(0o600)
  await rm(join(dir, 'holder'))
  expect(await holderName(dir)).not.toBe(name)
})

test.each(['', "a name'; with anything\n", 'x'.repeat(81)])(
  'a name that cannot have been ours (%j) is drawn anew',
  async (text) => {
    await writeFile(join(dir, 'holder'), text)
    const name = await holderName(dir)
    expect((await readFile(join(dir, 'holder'), 'utf8')).trim()).toBe(name)
    expect(name).toMatch(/^[\w.-]+-[0-9a-f]{12}$/)
  },
)
