import { missing } from './refusal.ts'
import { listOf } from './show-subscription.ts'
import type { Shown } from './state.ts'

/** Where in a list, and how much of it, is asked for. */
export type Paging = {
  readonly limit: number
  readonly starting_after?: string | undefined
  readonly ending_before?: string | undefined
}

/**
 * A page of a list, the newest first.
 * @param all the oldest first, as they were made
 * Throws a Refusal when what it is to begin after is not in it.
 */
export function pageOf<Value extends { readonly id: string }>(
  url: string,
  all: readonly Value[],
  { limit, starting_after: after, ending_before: before }: Paging,
  show: (value: Value) => Shown,
): Shown {
  const newest = all.toReversed()
  const place = (id: string, param: string) => {
    const at = newest.findIndex((each) => each.id === id)
    if (at < 0) throw missing('object', id, param)
    return at
  }
  if (before !== undefined) {
    const end = place(before, 'ending_before')
    const begin = Math.max(0, end - limit)
    return listOf(url, newest.slice(begin, end).map(show), begin > 0)
  }
  const begin = after === undefined ? 0 : place(after, 'starting_after') + 1
  const data = newest.slice(begin, begin + limit).map(show)
  return listOf(url, data, begin + limit < newest.length)
}
