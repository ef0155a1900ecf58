import type { WireTrade } from '#core/wire/trade'
import { axisOf, type Stretch, TimeChart } from '../picture/time-chart.ts'

/** Trades over time as points, by who took. */
export class TradeChart {
  readonly #chart: TimeChart

  /** @param box takes the place of what is in it @param height px */
  constructor(box: HTMLElement, height: number) {
    this.#chart = new TimeChart(box, {
      height,
      series: (inks) =>
        ['--bid', '--ask'].map((ink) => ({
          scale: 'y',
          paths: () => null,
          points: { show: true, size: 6, fill: () => inks.of(ink), stroke: () => inks.of(ink) },
        })),
      axes: (inks) => [
        axisOf(inks, { size: 62, values: (_, prices) => prices.map((price) => price.toFixed(4)) }),
      ],
    })
  }

  /**
   * @param trades of one market, oldest first: times in µs, yes prices in dollars as decimal strings
   * @param range the time that is shown, µs
   */
  show(trades: readonly WireTrade[], range: Stretch): void {
    const of = (taker: WireTrade['taker']) =>
      trades.map((trade) => (trade.taker === taker ? Number(trade.price) : null))
    const times = trades.map(({ event_us }) => event_us / 1000)
    const last = trades.at(-1)
    const end = last === undefined ? '' : `; the last at ${last.price}`
    this.#chart.show(range, [], [times, of('yes'), of('no')], `${trades.length} trades${end}`)
  }
}
