import type { WireBbo } from '#core/wire/bbo'
import type { WireCandle } from '#core/wire/candle'
import type { WireTrade } from '#core/wire/trade'
import { bestOf, type LogRow } from '../../playground/best-of-log.ts'
import { CandleChart } from '../picture/candle-chart.ts'
import { element } from '../picture/element.ts'
import { type PriceChange, PriceChart } from '../picture/price-chart.ts'
import { TradeChart } from './trade-chart.ts'

const UNIT_US: Readonly<Record<string, number>> = { m: 60e6, h: 3600e6, d: 86_400e6 }
const HEIGHT = 300
const LEAST_CANDLES = 12

/**
 * Draws rows over time.
 * @param kind the last word of their address
 * @param rows oldest first
 * @param asked the query
 */
export function drawRows(
  box: HTMLElement,
  kind: string,
  rows: readonly unknown[],
  asked: URLSearchParams,
): boolean {
  const chart = element('div')
  const words = element('p', 'quiet')
  box.hidden = false
  box.replaceChildren(chart, words)
  switch (kind) {
    case 'bbo':
      words.textContent = prices(chart, rows as readonly WireBbo[])
      return true
    case 'deltas': {
      const { market, changes } = bestOf(rows as readonly LogRow[])
      if (changes.length === 0) return false
      const of = market === null ? '' : ` Of ${market}, the first of them.`
      words.textContent = prices(chart, changes) + of
      return true
    }
    case 'trades':
      words.textContent = trades(chart, rows as readonly WireTrade[])
      return true
    default:
      words.textContent = candles(chart, rows as readonly WireCandle[], asked.get('interval'))
      return true
  }
}

function prices(box: HTMLElement, changes: readonly PriceChange[]): string {
  const range = rangeOf(changes.map(({ recv_us }) => recv_us))
  new PriceChart(box, { height: HEIGHT, spread: true }).show(changes, range)
  return 'Best bid and best ask in yes prices; dashed, with the scale to the right, the spread. Where nothing is known it is shaded.'
}

function trades(box: HTMLElement, rows: readonly WireTrade[]): string {
  const market = rows[0]?.market
  const shown = rows.filter((row) => row.market === market)
  const { fromUs, toUs } = rangeOf(shown.map(({ event_us }) => event_us))
  // The first and the last point are not cut.
  const room = (toUs - fromUs) / 50
  new TradeChart(box, HEIGHT).show(shown, { fromUs: fromUs - room, toUs: toUs + room })
  const of = shown.length === rows.length ? '' : ` Of ${market}, the first of several markets.`
  return `Yes prices of trades: green where the taker bought yes, red where no.${of}`
}

function candles(box: HTMLElement, rows: readonly WireCandle[], interval: string | null): string {
  const [, count = '1', unit = 'm'] = /^(\d+)([mhd])$/.exec(interval ?? '') ?? []
  const bucketUs = Number(count) * (UNIT_US[unit] ?? 60e6)
  const starts = rows.map(({ start_us }) => start_us)
  const toUs = Math.max(...starts) + bucketUs
  // One candle alone is not as wide as the chart.
  const range = { fromUs: Math.min(...starts, toUs - LEAST_CANDLES * bucketUs), toUs }
  new CandleChart(box, { height: HEIGHT }).show(rows, bucketUs, range)
  return `Candles of ${interval} in yes prices, their volume below. Buckets with a gap are shaded.`
}

function rangeOf(times: readonly number[]): { readonly fromUs: number; readonly toUs: number } {
  const fromUs = times[0] ?? 0
  return { fromUs, toUs: Math.max(fromUs + 1e6, times.at(-1) ?? 0) }
}
