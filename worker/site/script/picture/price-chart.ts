import uPlot from 'uplot'
import { axisOf, dollars, type Stretch, TimeChart } from './time-chart.ts'

type Best = readonly [price: string, size: string] | null

/** A change of best bid or best ask: a row of `/bbo` is one. */
export type PriceChange = {
  readonly recv_us: number
  /** False inside a gap. */
  readonly known: boolean
  readonly bid: Best
  readonly ask: Best
}

/** How a price chart is made. */
export type PriceChartOptions = {
  /** px; 220 when absent. */
  readonly height?: number
  /** Also draws the spread, on a scale of its own. */
  readonly spread?: boolean
  /** Is told where somebody clicked, µs. */
  readonly onPick?: (us: number) => void
}

/** A price holds until the next. */
const STEPPED = uPlot.paths.stepped?.({ align: 1 })

type Row = readonly [ms: number, bid: number | null, ask: number | null]

/** Best bid and best ask over time, as steps; times in which nothing is known are shaded and bear no line. */
export class PriceChart {
  readonly #chart: TimeChart
  readonly #spread: boolean

  /** @param box takes the place of what is in it; the chart is as wide as it is at any time */
  constructor(box: HTMLElement, { height = 220, spread = false, onPick }: PriceChartOptions = {}) {
    this.#spread = spread
    this.#chart = new TimeChart(box, {
      height,
      series: (inks) => {
        const line = (ink: string, scale: string, dash?: number[]) => ({
          stroke: () => inks.of(ink),
          width: 1.5,
          scale,
          points: { show: false },
          ...(dash === undefined ? {} : { dash }),
          ...(STEPPED === undefined ? {} : { paths: STEPPED }),
        })
        const sides = [line('--bid', 'y'), line('--ask', 'y')]
        return spread ? [...sides, line('--quiet', 'spread', [3, 3])] : sides
      },
      axes: (inks) => {
        const prices = axisOf(inks, { size: 56, values: dollars })
        const spreads = axisOf(inks, {
          scale: 'spread',
          side: 1,
          size: 56,
          values: dollars,
          grid: { show: false },
        })
        return spread ? [prices, spreads] : [prices]
      },
      ...(onPick === undefined ? {} : { onPick }),
    })
  }

  /**
   * @param changes rows of `/bbo`, oldest first: times in µs, prices in dollars as decimal strings
   * @param range the time that is shown, µs; the last row holds to its end
   */
  show(changes: readonly PriceChange[], range: Stretch): void {
    const rows: Row[] = []
    const gaps: Stretch[] = []
    let before: PriceChange | null = null
    for (const change of changes) {
      if (before?.known) rows.push(rowOf(before, change.recv_us - 0.001))
      if (before?.known === false) gaps.push({ fromUs: before.recv_us, toUs: change.recv_us })
      rows.push(rowOf(change, change.recv_us))
      before = change
    }
    if (before !== null && before.recv_us < range.toUs) {
      if (before.known) rows.push(rowOf(before, range.toUs))
      else gaps.push({ fromUs: before.recv_us, toUs: range.toUs })
    }
    const spreads = rows.map(([, bid, ask]) => (bid === null || ask === null ? null : ask - bid))
    const sides = [rows.map(([ms]) => ms), rows.map((row) => row[1]), rows.map((row) => row[2])]
    const data = (this.#spread ? [...sides, spreads] : sides) as [number[], ...number[][]]
    this.#chart.show(range, gaps, data, wordsOf(changes, gaps.length))
  }

  /** Marks an instant, µs; null for none. */
  mark(us: number | null): void {
    this.#chart.mark(us)
  }
}

function rowOf({ known, bid, ask }: PriceChange, us: number): Row {
  return [us / 1000, known && bid ? Number(bid[0]) : null, known && ask ? Number(ask[0]) : null]
}

function wordsOf(changes: readonly PriceChange[], gaps: number): string {
  const last = changes.at(-1)
  const at = (level: Best) => (level ? level[0] : 'none')
  const end = last?.known ? `; at the end bid ${at(last.bid)}, ask ${at(last.ask)}` : ''
  return `Best bid and ask over time: ${changes.length} changes, ${gaps} gaps${end}`
}
