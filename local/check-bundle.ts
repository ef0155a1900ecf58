import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { runCommand } from './command.ts'

const metafile = z.object({ inputs: z.record(z.string(), z.unknown()) })
/** Folders of ours that the Worker is made of; any other file of ours in its bundle is a fault. */
const OURS = /^(?:worker|core(?!\/kalshi\/))\//
const PACKAGES = /(?:^|\/)node_modules\//
/** What the bundler makes itself. */
const MADE = /^(?:<|\.\.\/|wrangler-|node-built-in-|[a-z-]+:)/

/** Builds the Worker as a deploy would; tells why it cannot be, or what in it is not the Worker’s. */
export async function checkBundle(): Promise<string | null> {
  const folder = await mkdtemp(join(tmpdir(), 'kalshibook-bundle-'))
  try {
    const file = join(folder, 'meta.json')
    const { code, output } = await runCommand(
      'wrangler',
      ...['deploy', '--dry-run', '--outdir', folder, '--metafile', file],
    )
    if (code !== 0) return output.trim()
    const { inputs } = metafile.parse(JSON.parse(await readFile(file, 'utf8')))
    return strangersIn(Object.keys(inputs))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** What is wrong with the files that a bundle was made of, null when nothing is. */
export function strangersIn(inputs: readonly string[]): string | null {
  if (!inputs.includes('worker/main.ts')) return 'worker/main.ts is not in the bundle'
  const strangers = inputs.filter(
    (path) => !OURS.test(path) && !PACKAGES.test(path) && !MADE.test(path),
  )
  return strangers.length === 0 ? null : `in the Worker's bundle: ${strangers.join(', ')}`
}
