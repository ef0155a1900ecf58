import { stat } from 'node:fs/promises'
import { dirname } from 'node:path'

/** The first folder on the way up from a path that other accounts may not enter; null when all are open. */
export async function closedFolder(path: string): Promise<string | null> {
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    if (((await stat(folder)).mode & 0o001) === 0) return folder
    if (folder === dirname(folder)) return null
  }
}
