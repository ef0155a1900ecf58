import { readdir, readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'

export const REPOSITORY = join(import.meta.dirname, '../..')
export const DOCS = join(REPOSITORY, 'worker/site/docs')

/** A piece of code that a page shows, and what its fence tells us of it. */
export type Sample = {
  readonly page: string
  readonly line: number
  readonly language: string
  readonly text: string
  /** It runs until it says this. */
  readonly until: string | null
  /** It ends by itself, and has said this. */
  readonly prints: string | null
  /** The API refuses it with this code. */
  readonly refused: string | null
  /** Why nobody can run it here. */
  readonly noRun: string | null
}

/** Every piece of code in the pages of the documentation and in the README. */
export async function readSamples(): Promise<readonly Sample[]> {
  const names = (await readdir(DOCS)).filter((name) => name.endsWith('.md')).sort()
  const paths = [...names.map((name) => join(DOCS, name)), join(REPOSITORY, 'README.md')]
  const pages = await Promise.all(
    paths.map(async (path) => samplesOf(basename(path), await readFile(path, 'utf8'))),
  )
  return pages.flat()
}

function samplesOf(page: string, text: string): Sample[] {
  return [...text.matchAll(/^```(\w+)(?: (.*))?\n([\s\S]*?)^```$/gm)].map((found): Sample => {
    const [, language = '', mark = '', code = ''] = found
    const said = (word: string) =>
      mark.startsWith(`${word}: `) ? mark.slice(word.length + 2) : null
    return {
      page,
      line: text.slice(0, found.index).split('\n').length,
      language,
      text: code,
      until: said('until'),
      prints: said('prints'),
      refused: said('refused'),
      noRun: said('no-run'),
    }
  })
}
