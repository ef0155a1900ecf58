import uPlot from 'uplot'
import { element } from './element.ts'
import { Inks } from './ink.ts'

/** A time, µs: from inclusive, to exclusive. */
export type Stretch = { readonly fromUs: number; readonly toUs: number }

/** What a chart over time draws. */
export type TimeChartOptions = {
  /** px. */
  readonly height: number
  /** Of uPlot, the first (time) left out. */
  readonly series: (inks: Inks) => uPlot.Series[]
  readonly scales?: uPlot.Scales
  /** Axes beside time. */
  readonly axes: (inks: Inks) => uPlot.Axis[]
  readonly bands?: uPlot.Band[]
  readonly hooks?: uPlot.Hooks.Arrays
  /** Is told where somebody clicked, µs. */
  readonly onPick?: (us: number) => void
}

const FONT = '12px system-ui, sans-serif'

/** A chart over UTC time with gaps in which nothing is drawn, and a mark. Needs style `picture.css`. */
export class TimeChart {
  readonly #plot: uPlot
  readonly #box: HTMLElement
  readonly #mark = element('div', 'mark')
  #gaps: readonly Stretch[] = []
  #range: Stretch = { fromUs: 0, toUs: 1 }
  #markUs: number | null = null

  /** @param box takes the place of what is in it; the chart is as wide as it is at any time */
  constructor(box: HTMLElement, options: TimeChartOptions) {
    this.#box = box
    box.replaceChildren()
    box.classList.add('chart')
    box.setAttribute('role', 'img')
    box.setAttribute('aria-label', 'Nothing is drawn yet')
    const inks = new Inks(box, () => this.#plot.redraw())
    const { onPick } = options
    const hooks = options.hooks ?? {}
    this.#plot = new uPlot(
      {
        width: Math.max(100, box.clientWidth),
        height: options.height,
        ms: 1,
        tzDate: (ms) => uPlot.tzDate(new Date(ms), 'Etc/UTC'),
        legend: { show: false },
        cursor: { y: false, drag: { x: false, y: false }, points: { show: false } },
        scales: {
          x: { time: true, range: () => [this.#range.fromUs / 1000, this.#range.toUs / 1000] },
          ...options.scales,
        },
        series: [{}, ...options.series(inks)],
        axes: [axisOf(inks, { size: 30, space: 66, values: timeLabels }), ...options.axes(inks)],
        ...(options.bands === undefined ? {} : { bands: options.bands }),
        hooks: {
          ...hooks,
          drawAxes: [(plot) => this.#shade(plot, inks), ...(hooks.drawAxes ?? [])],
          setSize: [() => this.#place()],
        },
      },
      [[]],
      box,
    )
    this.#plot.over.append(this.#mark)
    if (onPick !== undefined) {
      this.#plot.over.addEventListener('click', ({ offsetX }) =>
        onPick(Math.round(this.#plot.posToVal(offsetX, 'x') * 1000)),
      )
    }
    new ResizeObserver(() => {
      const width = box.clientWidth
      if (width > 0 && width !== this.#plot.width) {
        this.#plot.setSize({ width, height: options.height })
      }
    }).observe(box)
  }

  /**
   * @param range the time that is shown
   * @param gaps in which nothing is known; they are shaded
   * @param data times in ms, then the values of each series; null where there is none
   * @param words what the chart shows, for who does not see it
   */
  show(range: Stretch, gaps: readonly Stretch[], data: uPlot.AlignedData, words: string): void {
    this.#range = range
    this.#gaps = gaps
    this.#box.setAttribute('aria-label', words)
    this.#plot.setData(data)
    this.#place()
  }

  /** Marks an instant, µs; null for none. */
  mark(us: number | null): void {
    this.#markUs = us
    this.#place()
  }

  #place(): void {
    const us = this.#markUs
    const { fromUs, toUs } = this.#range
    this.#mark.hidden = us === null || us < fromUs || us > toUs
    if (us !== null) this.#mark.style.left = `${((us - fromUs) / (toUs - fromUs)) * 100}%`
  }

  #shade({ ctx, bbox, valToPos }: uPlot, inks: Inks): void {
    ctx.save()
    ctx.fillStyle = inks.of('--gap')
    for (const { fromUs, toUs } of this.#gaps) {
      const left = Math.max(bbox.left, valToPos(fromUs / 1000, 'x', true))
      const right = Math.min(bbox.left + bbox.width, valToPos(toUs / 1000, 'x', true))
      // A gap of a moment is seen too.
      if (right >= left) ctx.fillRect(left, bbox.top, Math.max(2, right - left), bbox.height)
    }
    ctx.restore()
  }
}

/** An axis in the page's colours. */
export function axisOf(inks: Inks, more: uPlot.Axis = {}): uPlot.Axis {
  const edge = () => inks.of('--edge')
  return {
    stroke: () => inks.of('--quiet'),
    font: FONT,
    grid: { stroke: edge, width: 1 },
    ticks: { stroke: edge, width: 1, size: 4 },
    ...more,
  }
}

/** Prices as the axes have them: as many decimals as all of them need. */
export function dollars(_: uPlot, values: readonly number[]): string[] {
  const fine = values.some((value) => Math.abs(value * 100 - Math.round(value * 100)) > 1e-6)
  return values.map((value) => value.toFixed(fine ? 3 : 2))
}

/** Clock times, with the date where a day begins. */
function timeLabels(_: uPlot, ms: number[], _axis: number, _space: number, step: number): string[] {
  return ms.map((at) => {
    const text = new Date(at).toISOString()
    if (step >= 86_400_000 || text.slice(11, 19) === '00:00:00') return text.slice(5, 10)
    return step < 1000 ? text.slice(14, 23) : text.slice(11, step < 60_000 ? 19 : 16)
  })
}
