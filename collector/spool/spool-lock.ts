import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { SpoolError } from './spool-error.ts'

const NAME = 'lock'
/** https://www.sqlite.org/rescode.html#busy */
const SQLITE_BUSY = 5

/**
 * Takes a folder for whoever holds what is returned. Node has no file locks but SQLite's, which the system gives back
 * when the holder dies, however it does, and which hold between containers that share a volume. The file stays empty.
 * @returns gives the folder back
 * Throws SpoolError `held` when another has it, or as the file system does.
 */
export async function lockSpool(dir: string): Promise<() => void> {
  const path = join(dir, NAME)
  // Not opened when it is there: to close it again would give back what this process may hold already.
  await writeFile(path, '', { flag: 'wx', mode: 0o600 }).catch((error: unknown) => {
    if ((error as { code?: unknown }).code !== 'EEXIST') throw error
  })
  const database = new DatabaseSync(path)
  try {
    database.exec('begin exclusive')
  } catch (error) {
    database.close()
    if ((error as { errcode?: unknown }).errcode !== SQLITE_BUSY) throw error
    throw new SpoolError('held', `${dir} is in use by another process`, error)
  }
  return () => database.close()
}
