import { fedDecision, fedRate, monthly, price } from './listed-economy.ts'
import type { MakeEvent } from './listed-event.ts'
import { combo, election, film, game, weather } from './listed-life.ts'

/** A series and its nth event, from the latest back. `share` of all markets are of it. */
export type Family = {
  readonly series: string
  readonly title: string
  readonly category: string
  readonly frequency: string
  readonly share: number
  readonly event: MakeEvent
}

const family = (
  series: string,
  title: string,
  category: string,
  frequency: string,
  share: number,
  event: MakeEvent,
): Family => ({ series, title, category, frequency, share, event })

/** What the exchange lists, by kinds of questions. */
export const FAMILIES: readonly Family[] = [
  family('KXFEDDECISION', 'Fed meeting', 'Economics', 'custom', 0.005, fedDecision),
  family('KXFED', 'Fed funds rate', 'Economics', 'custom', 0.01, fedRate),
  family(
    'KXBTCD',
    'Bitcoin price Above/below',
    'Crypto',
    'hourly',
    0.25,
    price('Bitcoin', 70_000, 250, 40),
  ),
  family(
    'KXETHD',
    'Ethereum price Above/below',
    'Crypto',
    'hourly',
    0.12,
    price('Ethereum', 2000, 20, 30),
  ),
  family('KXGOLDH', 'Gold price hourly', 'Commodities', 'hourly', 0.05, price('Gold', 4000, 5, 12)),
  family(
    'KXCPIYOY',
    'Inflation',
    'Economics',
    'monthly',
    0.01,
    monthly('CPI year-over-year', 1, 0.1),
  ),
  family(
    'KXU3',
    'Unemployment',
    'Economics',
    'monthly',
    0.01,
    monthly('the unemployment rate', 3, 0.1),
  ),
  family(
    'KXMORTGAGE',
    'Mortgage rates',
    'Economics',
    'monthly',
    0.005,
    monthly('the 30-year fixed mortgage rate', 5, 0.1),
  ),
  family('KXHIGHTEMP', 'Highest temperature', 'Climate and Weather', 'daily', 0.09, weather),
  family('KXNFLGAME', 'Professional Football Game', 'Sports', 'custom', 0.08, game('Pro Football')),
  family(
    'KXNBAGAME',
    'Professional Basketball Game',
    'Sports',
    'custom',
    0.1,
    game('Pro Basketball'),
  ),
  family('KXMVESPORTS', 'Multiple games', 'Sports', 'custom', 0.22, combo),
  family('KXELECTION', 'State elections', 'Elections', 'custom', 0.02, election),
  family('KXRT', 'Film scores', 'Entertainment', 'custom', 0.03, film),
]
