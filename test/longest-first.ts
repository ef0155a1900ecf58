import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** Files that take far longer than others of their group, however short they are to read. */
const LONG = [
  'test/e2e/fault-matrix.test.ts',
  'test/site/site.test.ts',
  'test/local/worker.test.ts',
]

/** Begins with the files that take longest, so that nothing waits for one of them alone at the end. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files)
    const isLong = ({ moduleId }: TestSpecification) => LONG.some((file) => moduleId.endsWith(file))
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))]
  }
}
