/** One measured figure beside what the same machine did without us in the same run. */
export type Figure = {
  readonly name: string
  readonly value: number
  readonly unit: string
  readonly baseline: number
  readonly ratio: number
}

/** Makes a figure; numbers are rounded to thousandths. The ratio of equals is 1, also of two zeros. */
export function figure(name: string, unit: string, value: number, baseline: number): Figure {
  const round = (number: number) => Math.round(number * 1000) / 1000
  return {
    name,
    value: round(value),
    unit,
    baseline: round(baseline),
    ratio: value === baseline ? 1 : round(value / baseline),
  }
}

/** The value that a share (0 to 1) of the samples does not exceed. Throws without samples. */
export function percentile(samples: readonly number[], share: number): number {
  const sorted = [...samples].sort((a, b) => a - b)
  const value = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]
  if (value === undefined) throw new Error('nothing was measured')
  return value
}
