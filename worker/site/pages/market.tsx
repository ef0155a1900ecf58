import type { OpenAPIHono } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { type Micros, parseInstant } from '#core/instant'
import { parseTicker, type Ticker } from '#core/ticker'
import { type App, askMarketData, readMarketData } from '../../context.ts'
import { DatabaseAwayError } from '../../database.ts'
import { showcaseOf } from '../../keys/showcase.ts'
import { nowUs } from '../../now.ts'
import { tellCoverage } from '../../routes/coverage.ts'
import { listGaps } from '../../store/gaps.ts'
import { findDetails } from '../../store/market-details.ts'
import { addMarketList } from '../market/market-list.tsx'
import { MarketPage } from '../market/market-page.tsx'
import { answerPage } from '../page.tsx'
import { sitePath } from '../site-path.ts'
import { accountCsrf, whoLooks } from '../who.ts'
import { MarketsAway, NoSuchMarket } from './no-market.tsx'

/** How many days of coverage, µs, and how many gaps are shown. */
const SHOWN_US = 30 * 86_400_000_000
const GAPS = 20

/** `GET /markets`, and `/markets/{ticker}`: what is recorded of a market, and its book at any instant. */
export function addMarketPages(app: OpenAPIHono<App>): void {
  addMarketList(app)
  sitePath(app, '/markets/:ticker')
  app.get('/markets/:ticker', async (c) => {
    const ticker = parseTicker(c.req.param('ticker'))
    try {
      const told = ticker && (await tellMarket(c, ticker))
      if (!told) return answerPage(c, { title: 'No such market', body: <NoSuchMarket /> }, 404)
      const [who, showcase] = await Promise.all([whoLooks(c), showcaseOf(c)])
      const csrf = accountCsrf(who)
      const visitor = csrf === null
      const shown = showcase.includes(told.market.ticker)
      const open = told.market.recordedFrom !== null && (shown || !visitor)
      const { title } = told.market
      return answerPage(c, {
        title: `${title} (${told.market.ticker})`,
        description: `The recorded order book of ${told.market.ticker}: ${title} Coverage by day, gaps, trades, candles and the book at any instant.`,
        body: <MarketPage {...told} visitor={visitor} shown={shown} />,
        scripts: open ? ['market.js'] : [],
        styles: ['market.css', 'picture.css'],
        csrf,
      })
    } catch (error) {
      if (!(error instanceof DatabaseAwayError)) throw error
      return answerPage(c, { title: 'Not now', body: <MarketsAway /> }, 503)
    }
  })
}

/** What the store holds of a market for its page; null when we know none of this ticker. */
async function tellMarket(c: Context<App>, ticker: Ticker) {
  const now = nowUs()
  const market = await readMarketData(c, (sql) => findDetails(sql, ticker))
  if (market === null) return null
  const fromUs = Math.max(market.recordedFrom ?? 0, now - SHOWN_US) as Micros
  const [told, { rows: gaps }] = await Promise.all([
    askMarketData(c, (ask) => tellCoverage(ask, ticker, { from: fromUs, to: undefined, now })),
    readMarketData(c, (sql) => listGaps(sql, market.id, { fromUs, order: 'desc', limit: GAPS })),
  ])
  const coverage = told.ok ? told.answer : null
  const lastTs = coverage === null || coverage.state === 'open' ? null : coverage.last_ts
  const endUs = lastTs === null ? null : parseInstant(lastTs)
  return { market, coverage, gaps, endUs, nowUs: now }
}
