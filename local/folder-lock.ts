import { randomUUID } from 'node:crypto'
import { link, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { livingProcess } from './living-process.ts'

const NAME = 'running.pid'

/**
 * Takes a folder for this process alone, as long as it lives or until it gives it back.
 * @returns gives it back
 * Throws when another process has it, or as the file system does.
 */
export async function lockFolder(folder: string): Promise<() => Promise<void>> {
  const file = join(folder, NAME)
  const mine = (await nameOf(process.pid)) ?? `${process.pid}\n`
  const written = join(folder, `${NAME}.${randomUUID()}`)
  await writeFile(written, mine, { mode: 0o644 })
  try {
    // A link appears with all of its words, or not at all.
    while (!(await linked(written, file))) await clearDead(file, folder)
  } finally {
    await rm(written, { force: true })
  }
  return () => rm(file, { force: true })
}

async function linked(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to)
    return true
  } catch (error) {
    if ((error as { code?: unknown }).code === 'EEXIST') return false
    throw error
  }
}

/** Removes the lock of a process that is gone. */
async function clearDead(file: string, folder: string): Promise<void> {
  const holder = await readFile(file, 'utf8').catch(() => null)
  if (holder === null) return
  const pid = Number(holder.split(' ')[0])
  if ((await nameOf(pid)) === holder) {
    throw new Error(`${folder} is in use by process ${pid}: stop it, or choose another with --data`)
  }
  // Aside first: another start may have removed it meanwhile, and put its own in its place.
  const aside = `${file}.${randomUUID()}`
  await rename(file, aside).catch(() => {})
  const moved = await readFile(aside, 'utf8').catch(() => holder)
  if (moved !== holder) await linked(aside, file)
  await rm(aside, { force: true })
}

async function nameOf(pid: number): Promise<string | null> {
  const found = Number.isInteger(pid) && pid > 0 ? await livingProcess(pid) : null
  return found === null ? null : `${pid} ${found.started}\n`
}
