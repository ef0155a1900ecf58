import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const FOLDER = fileURLToPath(new URL('../../shared/', import.meta.url))

/** Whether the folder of shared data is there; a test that needs it is skipped only when it is not. */
export const sharedData = existsSync(FOLDER)

/** A file of it as text. Throws when the folder is there and the file is not. */
export function readShared(path: string): string {
  return readFileSync(new URL(path, `file://${FOLDER}`), 'utf8')
}

/** The path of a file of it. */
export function sharedPath(path: string): string {
  return `${FOLDER}${path}`
}

if (!sharedData) console.warn('../shared is absent: tests on real exchange data are skipped')
