import type { UsageRow } from './account-word.ts'

/** What usage is summed by. */
export const USAGE_BY = ['hour', 'key', 'route', 'all'] as const
export type UsageBy = (typeof USAGE_BY)[number]

/** What was used of something. */
export type UsageSum = {
  readonly hourUs: number | null
  readonly keyId: string | null
  readonly route: string | null
  readonly requests: number
  readonly failed: number
  readonly credits: number
}

/**
 * The rows of an account, each once. Both tell running totals: what its object holds is later than what it has written down.
 * @param stored from the ledger
 * @param held by the object
 */
export function joinUsage(
  stored: readonly UsageRow[],
  held: readonly UsageRow[],
): readonly UsageRow[] {
  const rows = new Map(
    [...stored, ...held].map((row) => [`${row.hourUs} ${row.keyId} ${row.route}`, row]),
  )
  return [...rows.values()]
}

/** Sums of usage by what is asked for, in the order of time, key and route. */
export function sumUsage(rows: readonly UsageRow[], by: UsageBy): readonly UsageSum[] {
  const sums = new Map<string, UsageSum>()
  for (const row of rows) {
    const hourUs = by === 'hour' || by === 'all' ? row.hourUs : null
    const keyId = by === 'key' || by === 'all' ? row.keyId : null
    const route = by === 'route' || by === 'all' ? row.route : null
    const name = `${hourUs} ${keyId} ${route}`
    const before = sums.get(name)
    sums.set(name, {
      hourUs,
      keyId,
      route,
      requests: (before?.requests ?? 0) + row.requests,
      failed: (before?.failed ?? 0) + row.failed,
      credits: (before?.credits ?? 0) + row.credits,
    })
  }
  return [...sums.values()].sort(
    (a, b) =>
      (a.hourUs ?? 0) - (b.hourUs ?? 0) ||
      compare(a.keyId ?? '', b.keyId ?? '') ||
      compare(a.route ?? '', b.route ?? ''),
  )
}

/** All of it together. */
export function totalUsage(rows: readonly UsageRow[]) {
  const sum = (of: (row: UsageRow) => number) => rows.reduce((total, row) => total + of(row), 0)
  return {
    requests: sum(({ requests }) => requests),
    failed: sum(({ failed }) => failed),
    credits: sum(({ credits }) => credits),
  }
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
