import type { UsageRow } from './account-word.ts'
import type { Micros } from './instant.ts'

/** Over what usage is shown, in bars of what, µs. */
export const USAGE_SPANS = {
  day: { bars: 24, barUs: 3_600_000_000 },
  week: { bars: 7, barUs: 86_400_000_000 },
  month: { bars: 30, barUs: 86_400_000_000 },
} as const
export type UsageSpan = keyof typeof USAGE_SPANS

/** What is stacked in a bar, and what is counted. */
export type UsageChartBy = 'route' | 'key'
export type UsageChartOf = 'credits' | 'requests'

/** One of what is stacked. */
export type UsageSeries = {
  /** The route or the key's id; null for all others together. */
  readonly name: string | null
  /** One a bar. */
  readonly values: readonly number[]
  readonly total: number
}

export type UsageChart = {
  /** Where each bar begins, µs, the oldest first. */
  readonly bars: readonly Micros[]
  /** The largest first, the others last. */
  readonly series: readonly UsageSeries[]
  readonly total: number
}

/** More than this are not told apart by their colours. */
const MOST_SERIES = 5

/** Where the first bar of a span begins, µs. The last is the one that `nowUs` lies in; hours and days are UTC's. */
export function chartBegin(span: UsageSpan, nowUs: number): number {
  const { bars, barUs } = USAGE_SPANS[span]
  return nowUs - (nowUs % barUs) - (bars - 1) * barUs
}

/** Sums usage by bar and by route or key. What is before the first bar is passed over. */
export function usageChart(
  rows: readonly UsageRow[],
  {
    span,
    by,
    of,
  }: { readonly span: UsageSpan; readonly by: UsageChartBy; readonly of: UsageChartOf },
  nowUs: number,
): UsageChart {
  const { bars, barUs } = USAGE_SPANS[span]
  const fromUs = chartBegin(span, nowUs)
  const sums = new Map<string, number[]>()
  for (const row of rows) {
    const at = Math.floor((row.hourUs - fromUs) / barUs)
    if (at < 0 || at >= bars || row[of] === 0) continue
    const name = by === 'key' ? row.keyId : row.route
    const values = sums.get(name) ?? new Array<number>(bars).fill(0)
    values[at] = (values[at] ?? 0) + row[of]
    sums.set(name, values)
  }
  const all = [...sums]
    .map(([name, values]) => ({ name, values, total: total(values) }))
    .sort((a, b) => b.total - a.total || (a.name < b.name ? -1 : 1))
  const rest = all.slice(MOST_SERIES)
  const others = {
    name: null,
    values: addUp(rest, bars),
    total: total(rest.map((each) => each.total)),
  }
  return {
    bars: Array.from({ length: bars }, (_, at) => (fromUs + at * barUs) as Micros),
    series: [...all.slice(0, MOST_SERIES), ...(rest.length === 0 ? [] : [others])],
    total: total(all.map((each) => each.total)),
  }
}

function addUp(series: readonly { readonly values: readonly number[] }[], bars: number): number[] {
  return Array.from({ length: bars }, (_, at) => total(series.map(({ values }) => values[at] ?? 0)))
}

function total(values: readonly number[]): number {
  return values.reduce((sum, each) => sum + each, 0)
}
