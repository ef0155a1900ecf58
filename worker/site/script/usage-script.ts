import uPlot from 'uplot'
import { printCount } from '../print-count.ts'
import { CanvasInks } from './canvas-inks.ts'

/** The picture of the page's table of usage: a bar for each row, a part of it for each column. */

const HEIGHT = 220
/** Of a bar's place so much is its own. */
const FILLED = 0.72
const WIDEST = 44
/** A label is about so wide, px. */
const LABEL = 56

const place = document.getElementById('usage-chart')
const table = document.querySelector<HTMLTableElement>('#usage-figures')
if (place !== null && table !== null) draw(place, table)

function draw(place: HTMLElement, table: HTMLTableElement): void {
  const { times, names, values } = readTable(table)
  // A part is drawn from the ground up to where the one above it begins: the highest come first.
  const tops = values.map((_, at) =>
    times.map((_, bar) => values.slice(0, at + 1).reduce((sum, each) => sum + (each[bar] ?? 0), 0)),
  )
  const order = names.map((_, at) => names.length - 1 - at)
  const inks = new CanvasInks(place, names.length)
  const step = (times[1] ?? 0) - (times[0] ?? 0)
  const font = `12px ${getComputedStyle(place).fontFamily}`
  const axis = { stroke: () => inks.text, ticks: { show: false }, font }
  const hours = table.dataset['span'] === 'day'
  const { bars } = uPlot.paths
  const word = document.getElementById('usage-word')
  const plot = new uPlot(
    {
      width: place.clientWidth,
      height: HEIGHT,
      tzDate: (s) => uPlot.tzDate(new Date(s * 1000), 'Etc/UTC'),
      legend: { show: false },
      cursor: { y: false, points: { show: false }, drag: { setScale: false } },
      scales: {
        x: { range: () => [(times[0] ?? 0) - step / 2, (times.at(-1) ?? 0) + step / 2] },
        y: { range: (_, __, most) => [0, Math.max(1, most * 1.06)] },
      },
      axes: [
        {
          ...axis,
          grid: { show: false },
          size: 28,
          splits: ({ width }) => sparse(times, width),
          values: (_, splits) => splits.map((s) => labelOf(s, hours)),
        },
        {
          ...axis,
          grid: { stroke: () => inks.line, width: 1 },
          size: 64,
          values: (_, ys) => ys.map(printCount),
        },
      ],
      series: [
        {},
        ...order.map((at) => ({
          label: names[at] ?? '',
          fill: () => inks.parts[at] ?? '',
          width: 0,
          points: { show: false },
          ...(bars === undefined ? {} : { paths: bars({ size: [FILLED, WIDEST] }) }),
        })),
      ],
      hooks: {
        setCursor: [
          ({ cursor: { idx } }) => {
            if (word !== null) word.textContent = tell(idx ?? null)
          },
        ],
      },
    },
    [times, ...order.map((at) => tops[at] ?? [])],
    place,
  )
  if (word !== null) word.textContent = tell(null)
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
    inks.read()
    plot.redraw()
  })
  new ResizeObserver(() => plot.setSize({ width: place.clientWidth, height: HEIGHT })).observe(
    place,
  )

  /** What a bar stands for; of all together where none is pointed at. */
  function tell(bar: number | null): string {
    const of = table.dataset['of'] ?? ''
    const sum = (each: readonly number[]) =>
      bar === null ? each.reduce((all, value) => all + value, 0) : (each[bar] ?? 0)
    const total = printCount(values.reduce((all, each) => all + sum(each), 0))
    if (bar === null) return `${total} ${of} in all. Point at a bar for its parts.`
    const parts = names
      .map((name, at) => [name, sum(values[at] ?? [])] as const)
      .filter(([, value]) => value > 0)
      .map(([name, value]) => `${name} ${printCount(value)}`)
    const when = table.tBodies[0]?.rows[bar]?.cells[0]?.textContent ?? ''
    return `${when} UTC: ${total} ${of}${parts.length > 1 ? ` (${parts.join(', ')})` : ''}`
  }
}

/** The times that labels fit under. @param width of the picture, px */
function sparse(times: readonly number[], width: number): number[] {
  const every = Math.max(1, Math.ceil((times.length * LABEL) / (width - LABEL)))
  return times.filter((_, at) => (times.length - 1 - at) % every === 0)
}

function readTable(table: HTMLTableElement) {
  const [, ...heads] = [...(table.tHead?.rows[0]?.cells ?? [])]
  const rows = [...(table.tBodies[0]?.rows ?? [])].map(({ cells }) => [...cells])
  return {
    times: rows.map(([head]) => Number(head?.dataset['s'])),
    names: heads.map(({ textContent }) => textContent),
    values: heads.map((_, at) =>
      rows.map((cells) => Number(cells[at + 1]?.textContent.replaceAll(',', ''))),
    ),
  }
}

function labelOf(s: number, hours: boolean): string {
  const text = new Date(s * 1000).toISOString()
  return hours ? text.slice(11, 16) : text.slice(5, 10)
}
