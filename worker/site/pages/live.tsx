import type { OpenAPIHono } from '@hono/zod-openapi'
import { MARKET_MINUTES_PER_CREDIT } from '#core/credit'
import { parseTicker } from '#core/ticker'
import { type App, readMetadata } from '../../context.ts'
import { DatabaseAwayError } from '../../database.ts'
import { findTitle, type MarketTitle } from '../../store/market-titles.ts'
import { TradesTable } from '../market/trades-table.tsx'
import { answerPage } from '../page.tsx'
import { sitePath } from '../site-path.ts'
import { accountCsrf, whoLooks } from '../who.ts'
import { MarketsAway, NoSuchMarket } from './no-market.tsx'

/** `GET /live/{ticker}`: a market's book, moving. */
export function addLivePage(app: OpenAPIHono<App>): void {
  sitePath(app, '/live/:ticker')
  app.get('/live/:ticker', async (c) => {
    const ticker = parseTicker(c.req.param('ticker'))
    try {
      const market = ticker && (await readMetadata(c, (sql) => findTitle(sql, ticker)))
      if (market !== null) {
        const who = await whoLooks(c)
        const csrf = accountCsrf(who)
        const body = <LiveBook market={market} visitor={csrf === null} />
        return answerPage(c, { title: `${market.ticker}, live`, body, scripts: ['live.js'], csrf })
      }
    } catch (error) {
      if (!(error instanceof DatabaseAwayError)) throw error
      return answerPage(c, { title: 'Not now', body: <MarketsAway /> }, 503)
    }
    return answerPage(c, { title: 'No such market', body: <NoSuchMarket /> }, 404)
  })
}

/** The page of one market before its script has filled it. */
function LiveBook({
  market,
  visitor,
}: {
  readonly market: MarketTitle
  readonly visitor: boolean
}) {
  const { ticker, event, title, yesSubTitle } = market
  const page = `/markets/${encodeURIComponent(ticker)}`
  return (
    <div id="live" data-ticker={ticker}>
      <p class="crumbs">
        <a href="/markets">Markets</a> › <a href={page}>{ticker}</a> › live
      </p>
      <div class="head">
        <h1>{title}</h1>
        <span id="feed" class="pill" role="status">
          not connected
        </span>
      </div>
      <p>
        {yesSubTitle ?? ''} <span class="quiet">of {event}</span>
      </p>
      <noscript>
        <p class="note warn">This page needs JavaScript.</p>
      </noscript>
      <div id="note" class="note warn" role="status" hidden>
        <p class="line">
          <span id="why" />
          <button id="again" type="button" class="second" hidden>
            Go on
          </button>
          <a id="get-key" class="button" href="/signup" hidden>
            Get a free key
          </a>
        </p>
      </div>
      <div class="halves">
        <section class="card" aria-labelledby="book-title">
          <div class="head">
            <h2 id="book-title">Book</h2>
            <span id="seq" class="quiet num" />
          </div>
          <div id="ladder" />
        </section>
        <section class="card" aria-labelledby="trades-title">
          <div class="head">
            <h2 id="trades-title">Trades</h2>
            <span id="trade-note" class="quiet" />
          </div>
          <TradesTable />
        </section>
      </div>
      <p class="line quiet">
        <span id="age" />
        <button id="own" type="button" class="plain">
          Use a key of your own
        </button>
        <button id="forget" type="button" class="plain" hidden>
          Forget the key
        </button>
        <a href={page}>Its past, coverage and files</a>
      </p>
      {visitor ? null : (
        <p class="quiet">
          While this page is open your account pays 1 credit for {MARKET_MINUTES_PER_CREDIT} minutes
          of this market, and 1 for its last trades when it is opened.
        </p>
      )}
      <OwnKey />
    </div>
  )
}

/** Without its script nothing is sent: a key never gets into an address. */
function OwnKey() {
  return (
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
      <p class="quiet">
        Kept in this tab alone, and sent to this host alone. What it reads, its account pays.
      </p>
    </form>
  )
}
