import { randomBytes } from 'node:crypto'
import { readFile, rename, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'

const NAME = /^[\w.-]{1,80}$/

/**
 * The name of the collector whose spool folder this is, drawn once and kept in it. Only whoever has locked the folder may ask: it
 * then knows that a process which took a lease in this name is dead, for that one had the folder too, and need not wait
 * until that lease looks abandoned. Were it wrong, as with a copied folder, the take still fences the other off like any take.
 * Throws as the file system does.
 */
export async function holderName(folder: string): Promise<string> {
  const file = join(folder, 'holder')
  const kept = (await readFile(file, 'utf8').catch(() => '')).trim()
  if (NAME.test(kept)) return kept
  const host = hostname()
    .replaceAll(/[^\w.-]/g, '')
    .slice(0, 60)
  const drawn = `${host}-${randomBytes(6).toString('hex')}`
  // Whole or not at all, whenever the process dies.
  await writeFile(`${file}.new`, `${drawn}\n`, { mode: 0o600 })
  await rename(`${file}.new`, file)
  return drawn
}
