import uPlot from 'uplot'
import type { WireCandle } from '#core/wire/candle'
import type { Inks } from './ink.ts'
import { axisOf, dollars, type Stretch, TimeChart } from './time-chart.ts'

/** How a candle chart is made. */
export type CandleChartOptions = {
  /** px; 260 when absent. */
  readonly height?: number
}

/** Candles of trades with their volume below; where nothing was traded there is none. Buckets with a gap are shaded. */
export class CandleChart {
  readonly #chart: TimeChart
  #candles: readonly WireCandle[] = []
  #bucketUs = 60_000_000

  /** @param box takes the place of what is in it; the chart is as wide as it is at any time */
  constructor(box: HTMLElement, { height = 260 }: CandleChartOptions = {}) {
    let inksHere: Inks | null = null
    this.#chart = new TimeChart(box, {
      height,
      scales: {
        y: { range: (_, low, high) => pricesFrom(low, high) },
        // The bars take the lowest fifth.
        volume: { range: (_, _low, high) => [0, (high || 1) * 5] },
      },
      series: (inks) => {
        inksHere = inks
        const unseen = { scale: 'y', paths: () => null, points: { show: false } }
        return [unseen, unseen, { ...unseen, scale: 'volume' }]
      },
      axes: (inks) => [axisOf(inks, { size: 56, values: dollars })],
      hooks: { draw: [(plot) => inksHere && this.#draw(plot, inksHere)] },
    })
  }

  /**
   * @param candles rows of `/candles`, oldest first: times in µs, prices in dollars and volumes in contracts as decimal strings
   * @param bucketUs of one candle, µs
   * @param range the time that is shown, µs
   */
  show(candles: readonly WireCandle[], bucketUs: number, range: Stretch): void {
    this.#candles = candles
    this.#bucketUs = bucketUs
    const traded = candles.filter(({ open }) => open !== null)
    const column = (read: (candle: WireCandle) => string | null) =>
      candles.map((candle) => {
        const text = read(candle)
        return text === null ? null : Number(text)
      })
    const gaps = candles
      .filter(({ gap_seconds }) => gap_seconds > 0)
      .map(({ start_us }) => ({ fromUs: start_us, toUs: start_us + bucketUs }))
    const data: uPlot.AlignedData = [
      candles.map(({ start_us }) => (start_us + bucketUs / 2) / 1000),
      column(({ low }) => low),
      column(({ high }) => high),
      column(({ volume }) => volume),
    ]
    const last = traded.at(-1)
    const end = last === undefined ? '' : `; the last closes at ${last.close}`
    this.#chart.show(range, gaps, data, `Candles: ${traded.length} with trades${end}`)
  }

  #draw(plot: uPlot, inks: Inks): void {
    const { ctx, bbox, valToPos } = plot
    const x = (us: number) => valToPos(us / 1000, 'x', true)
    const y = (value: string | null, scale = 'y') => valToPos(Number(value), scale, true)
    ctx.save()
    ctx.beginPath()
    ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height)
    ctx.clip()
    for (const { start_us, open, high, low, close, volume } of this.#candles) {
      if (open === null) continue
      const left = x(start_us)
      const width = Math.max(1, (x(start_us + this.#bucketUs) - left) * 0.7)
      const middle = left + width / 0.7 / 2
      const rises = Number(close) >= Number(open)
      ctx.fillStyle = inks.of(rises ? '--bid-bar' : '--ask-bar')
      const top = y(volume, 'volume')
      ctx.fillRect(middle - width / 2, top, width, bbox.top + bbox.height - top)
      ctx.fillStyle = inks.of(rises ? '--bid' : '--ask')
      const line = Math.max(1, uPlot.pxRatio)
      ctx.fillRect(middle - line / 2, y(high), line, Math.max(1, y(low) - y(high)))
      const [upper, lower] = rises ? [y(close), y(open)] : [y(open), y(close)]
      ctx.fillRect(middle - width / 2, upper, width, Math.max(line, lower - upper))
    }
    ctx.restore()
  }
}

/** Room below for the bars of volume. */
function pricesFrom(low: number | null, high: number | null): [number, number] {
  const [bottom, top] = [low ?? 0, high ?? 1]
  const room = Math.max(0.01, (top - bottom) * 0.1)
  return [Math.max(0, bottom - room - (top - bottom) * 0.25), Math.min(1, top + room)]
}
