import { z } from 'zod'
import type { Child } from './child.ts'

const word = z.object({
  status: z.object({ markets: z.int(), known: z.int(), shards: z.int() }),
})
type Status = z.infer<typeof word>['status']

/**
 * Waits until the collector knows every book and every shard has greeted it. One book that never
 * comes is that market's trouble: with some known and no progress the rest can be served.
 * @param shards how many there are
 * @param patienceMs how long it may make no progress
 * @returns how many markets it follows
 * Throws with what is missing when no call could be answered by then, and when the collector ends.
 */
export function firstBooks(
  collector: Pick<Child, 'on' | 'ended'>,
  shards: number,
  patienceMs: number,
): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  let missing = 'the collector tells nothing'
  let progress = -1
  let usable = false
  let markets = 0
  const late = setTimeout(() => {
    if (usable) resolve(markets)
    else reject(new Error(`no progress in ${patienceMs / 1000} s: ${missing}`))
  }, patienceMs)
  collector.on((message) => {
    const status = word.safeParse(message).data?.status
    if (status === undefined) return
    markets = status.markets
    missing = missingOf(status, shards).join(', ')
    if (missing === '') return resolve(markets)
    usable = status.known > 0 && status.shards >= shards
    if (status.known + status.shards > progress) late.refresh()
    progress = Math.max(progress, status.known + status.shards)
  })
  void collector.ended.then((code) => {
    reject(new Error(`the collector ended with ${code} before every book was known`))
  })
  return promise.finally(() => clearTimeout(late))
}

function missingOf({ markets, known, shards: open }: Status, shards: number): string[] {
  const books = known < markets ? [`${markets - known} of ${markets} books are not known`] : []
  return open < shards ? [...books, `${shards - open} of ${shards} shards have not greeted`] : books
}
