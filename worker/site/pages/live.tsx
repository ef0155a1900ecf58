import type { OpenAPIHono } from '@hono/zod-openapi'
import { parseTicker } from '#core/ticker'
import { type App, readMetadata } from '../../context.ts'
import { DatabaseAwayError } from '../../database.ts'
import { findTitle, type MarketTitle } from '../../store/market-titles.ts'
import { answerPage } from '../page.tsx'
import { sitePath } from '../site-path.ts'

/** `GET /live/{ticker}`: a market's book, moving. */
export function addLivePage(app: OpenAPIHono<App>): void {
  sitePath(app, '/live/:ticker')
  app.get('/live/:ticker', async (c) => {
    const ticker = parseTicker(c.req.param('ticker'))
    try {
      const market = ticker && (await readMetadata(c, (sql) => findTitle(sql, ticker)))
      if (market !== null) {
        const body = <LiveBook market={market} />
        return answerPage(c, { title: market.ticker, body, scripts: ['live.js'] })
      }
    } catch (error) {
      if (!(error instanceof DatabaseAwayError)) throw error
      return answerPage(c, { title: 'Not now', body: <NotNow /> }, 503)
    }
    return answerPage(c, { title: 'No such market', body: <NoSuchMarket /> }, 404)
  })
}

function NotNow() {
  return (
    <div class="alone">
      <h1>Not now</h1>
      <p>The list of markets cannot be read at this moment. Please try again in a minute.</p>
    </div>
  )
}

function NoSuchMarket() {
  return (
    <div class="alone">
      <h1>No such market</h1>
      <p>There is no market of this ticker.</p>
    </div>
  )
}

/** The page of one market before its script has filled it. */
function LiveBook({ market }: { readonly market: MarketTitle }) {
  const { ticker, event, title, yesSubTitle } = market
  return (
    <div id="live" data-ticker={ticker}>
      <div class="head">
        <h1>{title}</h1>
        <span id="feed" class="pill" role="status">
          not connected
        </span>
      </div>
      <p>
        {yesSubTitle ?? ''} <code>{ticker}</code> <span class="quiet">of {event}</span>
      </p>
      <noscript>
        <p class="note warn">This page needs JavaScript.</p>
      </noscript>
      <form id="key-form" class="card" hidden>
        <label for="key">API key</label>
        <div class="line">
          <input
            id="key"
            type="password"
            autocomplete="off"
            spellcheck={false}
            placeholder="kb_live_…"
            required
          />
          <button type="submit">Watch</button>
        </div>
        <p id="key-note" class="quiet" />
      </form>
      <div class="halves">
        <section class="card" aria-label="Order book">
          <div class="head">
            <h2>Book</h2>
            <span id="seq" class="quiet" />
          </div>
          <p id="why" class="note warn" hidden />
          <table class="ladder">
            <thead>
              <tr>
                <th scope="col">Bids</th>
                <th scope="col">Price</th>
                <th scope="col">Asks</th>
              </tr>
            </thead>
            <tbody id="asks" />
            <tbody>
              <tr class="spread">
                <td colspan={3} id="spread">
                  —
                </td>
              </tr>
            </tbody>
            <tbody id="bids" />
          </table>
        </section>
        <section class="card" aria-label="Last trades">
          <div class="head">
            <h2>Trades</h2>
            <span id="trade-note" class="quiet" />
          </div>
          <table class="trades">
            <tbody id="trades">
              <tr>
                <td class="quiet">none yet</td>
              </tr>
            </tbody>
          </table>
        </section>
      </div>
      <p>
        <span id="age" class="quiet" />{' '}
        <button id="forget" type="button" class="plain" hidden>
          Forget the key
        </button>
      </p>
    </div>
  )
}
