import { readFile, writeFile } from 'node:fs/promises'
import type { CostCounts } from './cost-counts.ts'
import { costPage } from './cost-page.ts'

const COUNTS_FILE = new URL('./cost-counts.json', import.meta.url)
const PAGE_FILE = new URL('../docs/cost.md', import.meta.url)

/** What `docs/cost.md` is to be, from the stored counts. Throws when there are none. */
export async function costFromCounts(): Promise<string> {
  return costPage(JSON.parse(await readFile(COUNTS_FILE, 'utf8')) as CostCounts)
}

/** Computes `docs/cost.md` and writes it. */
export async function* benchCost(): AsyncGenerator<string> {
  const page = await costFromCounts()
  await writeFile(PAGE_FILE, page)
  yield page
}
