import type { Listing } from './market.ts'
import type { Random } from './random.ts'

const HOUR_US = 3_600_000_000
const MINUTE_US = 60_000_000

/** A kind of question: how the events of a series and their markets are named and priced. */
type Family = {
  series: string
  structure: string
  perEvent: number
  event: (number: number) => string
  market: (number: number, place: number) => string
}

const TEAMS = ['DET', 'CIN', 'NYG', 'PHI', 'ATL', 'SEA', 'BUF', 'MIA', 'DAL', 'DEN', 'KC', 'LV']
const team = (number: number) => TEAMS[number % TEAMS.length] ?? 'DET'
const day = (number: number) => String(1 + (number % 28)).padStart(2, '0')

const FAMILIES: readonly Family[] = [
  {
    series: 'KXBTCD',
    structure: 'linear_cent',
    perEvent: 8,
    event: (n) => `27JAN${day(n)}${String(n % 24).padStart(2, '0')}`,
    market: (n, place) => `T${90_000 + 250 * (n % 40) + 500 * place - 1}.99`,
  },
  {
    series: 'KXNFLGAME',
    structure: 'linear_cent',
    perEvent: 2,
    event: (n) => `27JAN${day(n)}${team(n)}${team(n + 1 + (n % 7))}`,
    market: (n, place) => (place === 0 ? team(n) : team(n + 1 + (n % 7))),
  },
  {
    series: 'KXGOLDH',
    structure: 'deci_cent',
    perEvent: 6,
    event: (n) => `27JAN${day(n)}${String((n + 9) % 24).padStart(2, '0')}`,
    market: (n, place) => `T${4600 + (n % 30) + 2 * place}.99`,
  },
  {
    series: 'KXHIGHNY',
    structure: 'linear_cent',
    perEvent: 6,
    event: (n) => `27JAN${day(n)}`,
    market: (_, place) => (place === 0 ? 'T30' : `B${30 + 2 * place}.5`),
  },
  {
    series: 'KXFEDDECISION',
    structure: 'tapered_deci_cent',
    perEvent: 4,
    event: (n) => `27${['JAN', 'MAR', 'APR', 'JUN', 'JUL', 'SEP', 'OCT', 'DEC'][n % 8] ?? 'JAN'}`,
    market: (_, place) => `H${25 * place}`,
  },
  {
    series: 'KXCPIYOY',
    structure: 'center_half_edge_quint_cent',
    perEvent: 6,
    event: (n) => `27${['FEB', 'MAR', 'APR', 'MAY'][n % 4] ?? 'FEB'}`,
    market: (_, place) => `T${(2 + place / 10).toFixed(1)}`,
  },
]

/**
 * Names markets of several series and events, some with dots in their tickers, some with ticks below
 * a cent. `startUs` (microseconds) is the moment from which they are counted as open.
 */
export function makeListings(count: number, random: Random, startUs: number): Listing[] {
  const tickers = new Map<string, string>()
  const perEvent = Math.max(2, Math.ceil(count / 12))
  for (let round = 0; tickers.size < count; round += 1) {
    for (const family of FAMILIES) {
      // Names repeat after a while (there are only so many days): a suffix keeps them apart.
      const lap = round >= 200 ? `X${Math.floor(round / 200)}` : ''
      const event = `${family.series}-${family.event(round)}${lap}`
      for (let place = 0; place < Math.min(perEvent, family.perEvent); place += 1) {
        const ticker = `${event}-${family.market(round, place)}`
        if (tickers.size < count) tickers.set(ticker, family.structure)
      }
    }
  }
  return [...tickers].map(([ticker, structure], index) => {
    const createdUs = startUs - 48 * HOUR_US - (count - index) * MINUTE_US
    return {
      ticker,
      id: random.uuid(),
      structure,
      createdUs,
      openUs: createdUs + 5 * MINUTE_US,
      closeUs: startUs + (168 + random.below(1000)) * HOUR_US,
    }
  })
}

/** Names combos: markets that most lists leave out and no event holds. */
export function makeCombos(count: number, random: Random, startUs: number): Listing[] {
  return Array.from({ length: count }, (_, index) => ({
    ticker: `KXMVECROSS-S2027${random.uuid().slice(0, 8).toUpperCase()}-${1000 + index}`,
    id: random.uuid(),
    structure: 'center_deci_edge_centi_cent',
    createdUs: startUs - (count - index) * 1_000_000,
    openUs: startUs - (count - index) * 1_000_000,
    closeUs: startUs + 168 * HOUR_US,
  }))
}
