import type { WireCandle } from '#core/wire/candle'
import type { WireTrade } from '#core/wire/trade'
import { callApi } from './call-api.ts'
import { MarketDownloads } from './market-downloads.ts'
import { MarketHistory } from './market-history.ts'
import { pageKey } from './page-key.ts'
import { part } from './part.ts'
import { CandleChart } from './picture/candle-chart.ts'
import { TradeList } from './trade-list.ts'

const TRADES = 20
/** Buckets that are drawn at least. */
const LEAST = 24
/** The candles' intervals, µs, and how many of them are shown. */
const INTERVALS: Readonly<Record<string, readonly [us: number, count: number]>> = {
  '1m': [60_000_000, 120],
  '15m': [900_000_000, 96],
  '4h': [14_400_000_000, 180],
}

const { ticker = '', from = '', end = '' } = part('market').dataset
const fromUs = Number(from)
const endUs = end === '' ? null : Number(end)
const base = `/v1/markets/${encodeURIComponent(ticker)}`
const trades = new TradeList(part('trades'), TRADES)
const candles = new CandleChart(part('candles'))
const interval = part<HTMLSelectElement>('interval')

async function showTrades(): Promise<void> {
  const answer = await callApi(`${base}/trades?order=desc&limit=${TRADES}`)
  const note = part('trades-note')
  if (answer.error !== null) {
    note.textContent = `They cannot be read: ${answer.error.message}.`
    return
  }
  const { data } = JSON.parse(answer.text) as { readonly data: readonly WireTrade[] }
  trades.addPast(data)
  note.textContent = data.length === 0 ? 'There are none.' : ''
}

async function showCandles(): Promise<void> {
  const [bucketUs, count] = INTERVALS[interval.value] ?? [60_000_000, 120]
  const toUs = endUs ?? Date.now() * 1000
  // A bucket that has begun is shown in part.
  const lastUs = toUs - (toUs % bucketUs) + bucketUs
  const range = { fromUs: lastUs - bucketUs * count, toUs: lastUs }
  const first = Math.max(range.fromUs, Math.floor(fromUs / bucketUs) * bucketUs)
  const path = `${base}/candles?interval=${interval.value}&from=${first}&to=${range.toUs}&limit=${count}`
  const asked = interval.value
  const answer = await callApi(path)
  // Another interval was chosen since: its own candles come, or are there already.
  if (asked !== interval.value) return
  const note = part('candles-note')
  if (answer.error !== null) {
    note.textContent = `They cannot be read: ${answer.error.message}.`
    return
  }
  const { data } = JSON.parse(answer.text) as { readonly data: readonly WireCandle[] }
  note.textContent = data.length === 0 ? 'Nothing was traded or quoted in this time.' : ''
  // A record that has just begun is not drawn as one broad candle.
  const shownUs = Math.max(range.fromUs, Math.min(first, lastUs - LEAST * bucketUs))
  candles.show(data, bucketUs, { fromUs: shownUs, toUs: range.toUs })
}

const made = await pageKey()
if (made.ok) {
  const visitor = made.key.markets !== null
  const history = new MarketHistory({ ticker, fromUs, endUs, visitor })
  new MarketDownloads(ticker)
  interval.addEventListener('change', () => void showCandles())
  void showTrades()
  void showCandles()
  // What a visitor reads costs nobody; an account is told first.
  if (visitor) history.begin()
} else {
  part('read-note').className = 'note bad'
  part('read-note').textContent = `This market cannot be read now: ${made.message}.`
}
