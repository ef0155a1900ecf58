import { access } from 'node:fs/promises'
import { delimiter, join } from 'node:path'

/** Where Chromium and its kin are found, the first that is there. */
const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']

/** The path of a Chromium on this machine. Throws, saying what to do, when there is none. */
export async function findChromium(): Promise<string> {
  const named = process.env['CHROMIUM']
  if (named !== undefined && named !== '') return named
  const folders = (process.env['PATH'] ?? '').split(delimiter)
  for (const path of folders.flatMap((folder) => NAMES.map((name) => join(folder, name)))) {
    const there = await access(path).then(
      () => true,
      () => false,
    )
    if (there) return path
  }
  throw new Error('no Chromium: install one, or name its program in CHROMIUM')
}
