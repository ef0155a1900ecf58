import type { Market } from './market.ts'

/** What the simulated exchange knows of a series. */
export type Series = { ticker: string; title: string; category: string; frequency: string }

const SERIES: Record<string, Omit<Series, 'ticker'>> = {
  KXBTCD: { title: 'Bitcoin price', category: 'Crypto', frequency: 'daily' },
  KXGOLDH: { title: 'Gold price by the hour', category: 'Commodities', frequency: 'hourly' },
  KXHIGHNY: { title: 'Highest temperature in New York', category: 'Climate', frequency: 'daily' },
  KXNFLGAME: { title: 'Professional football game', category: 'Sports', frequency: 'custom' },
  KXMLBGAME: { title: 'Professional baseball game', category: 'Sports', frequency: 'custom' },
  KXWNBAGAME: { title: 'Women’s basketball game', category: 'Sports', frequency: 'custom' },
  KXFEDDECISION: { title: 'Central bank decision', category: 'Economics', frequency: 'custom' },
  KXCPIYOY: { title: 'Inflation over a year', category: 'Economics', frequency: 'monthly' },
  KXINXD: { title: 'Stock index close', category: 'Financials', frequency: 'daily' },
}

/** @returns what is known of a series, made from its ticker when it is no familiar one */
export function describeSeries(ticker: string): Series {
  const known = SERIES[ticker] ?? { title: ticker, category: 'Other', frequency: 'custom' }
  return { ticker, ...known }
}

/** @returns the title of an event, from its ticker */
export function eventTitle(market: Market): string {
  const rest = market.event.slice(market.series.length + 1)
  return `${describeSeries(market.series).title}${rest === '' ? '' : `, ${rest}`}`
}

/** @returns the title of a market, from its ticker */
export function marketTitle(market: Market): string {
  return `${eventTitle(market)}: ${outcome(market)}?`
}

/** @returns the last part of a market's ticker in words: what yes stands for */
export function outcome(market: Market): string {
  const { yesSubTitle } = market.changed
  if (yesSubTitle !== undefined) return yesSubTitle
  const last = market.ticker.slice(market.event.length + 1)
  const { floor, cap } = strike(market)
  if (floor !== null && cap !== null) return `${floor} to ${cap}`
  return floor === null ? last : `Above ${floor}`
}

/**
 * @returns the strikes that a ticker's last part names (`T62` above 62, `B60.5` between 60 and 61),
 * or those that were put in their place
 */
export function strike(market: Market): { floor: number | null; cap: number | null } {
  const { floorStrike, capStrike } = market.changed
  const named = namedStrike(market)
  return { floor: floorStrike ?? named.floor, cap: capStrike ?? named.cap }
}

function namedStrike(market: Market): { floor: number | null; cap: number | null } {
  const match = /-([TB])(\d+(?:\.\d+)?)$/.exec(market.ticker)
  if (match === null) return { floor: null, cap: null }
  const value = Number(match[2])
  return match[1] === 'T'
    ? { floor: value, cap: null }
    : { floor: Math.floor(value), cap: Math.floor(value) + 1 }
}
