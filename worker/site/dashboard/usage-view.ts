import type { UsageChartBy, UsageChartOf, UsageSpan } from '#core/usage-chart'

/** How the usage is looked at. */
export type UsageView = {
  readonly span: UsageSpan
  readonly by: UsageChartBy
  readonly of: UsageChartOf
}

/** What may be chosen, by the query's names, each with what it is called; the first is what nothing chooses. */
export const USAGE_CHOICES = {
  span: [
    ['week', '7 days'],
    ['day', '24 hours'],
    ['month', '30 days'],
  ],
  by: [
    ['route', 'By route'],
    ['key', 'By key'],
  ],
  of: [
    ['credits', 'Credits'],
    ['requests', 'Requests'],
  ],
} as const satisfies { [Name in keyof UsageView]: readonly (readonly [UsageView[Name], string])[] }

/** Reads it of a query; what it does not know is as if it were not there. */
export function readUsageView(query: (name: string) => string | undefined): UsageView {
  return {
    span: chosen(USAGE_CHOICES.span, query('span')),
    by: chosen(USAGE_CHOICES.by, query('by')),
    of: chosen(USAGE_CHOICES.of, query('of')),
  }
}

/** The address of a view. */
export function usageViewPath(view: UsageView): string {
  return `/dashboard?${new URLSearchParams(view)}#usage`
}

function chosen<Word extends string>(
  choices: readonly [readonly [Word, string], ...(readonly [Word, string])[]],
  asked: string | undefined,
): Word {
  return choices.find(([word]) => word === asked)?.[0] ?? choices[0][0]
}
