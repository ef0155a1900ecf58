import type { OpenAPIHono } from '@hono/zod-openapi'
import { html } from 'hono/html'
import { parseTicker } from '#core/ticker'
import { type App, readMetadata } from '../context.ts'
import { DatabaseAwayError } from '../database.ts'
import { LIVE_SCRIPT } from '../site/dist/live-script.js'
import { liveBody } from '../site/live-body.ts'
import { LIVE_STYLE } from '../site/live-style.ts'
import { answerPage } from '../site/page.ts'
import { findTitle } from '../store/market-titles.ts'

const SCRIPT_PATH = '/site/live.js'
const STYLE_PATH = '/site/live.css'
/** A new version of the pages' own files is seen within so long, s. */
const KEPT = 'public, max-age=300'

/** `GET /live/{ticker}`: a market's book, moving; and the script and style that it is made of. */
export function addLivePage(app: OpenAPIHono<App>): void {
  app.get('/live/:ticker', async (c) => {
    const ticker = parseTicker(c.req.param('ticker'))
    try {
      const market = ticker && (await readMetadata(c, (sql) => findTitle(sql, ticker)))
      if (market !== null) {
        const body = liveBody(market)
        return answerPage(c, { title: market.ticker, body, scripts: [SCRIPT_PATH] })
      }
    } catch (error) {
      if (!(error instanceof DatabaseAwayError)) throw error
      const body = html`<main class="alone"><h1>Not now</h1>
<p>The list of markets cannot be read at this moment. Please try again in a minute.</p></main>`
      return answerPage(c, { title: 'Not now', body }, 503)
    }
    const body = html`<main class="alone"><h1>No such market</h1>
<p>There is no market of this ticker.</p></main>`
    return answerPage(c, { title: 'No such market', body }, 404)
  })
  app.get(SCRIPT_PATH, (c) => {
    c.header('Cache-Control', KEPT)
    c.header('X-Content-Type-Options', 'nosniff')
    return c.body(LIVE_SCRIPT, 200, { 'Content-Type': 'text/javascript; charset=utf-8' })
  })
  app.get(STYLE_PATH, (c) => {
    c.header('Cache-Control', KEPT)
    c.header('X-Content-Type-Options', 'nosniff')
    return c.body(LIVE_STYLE, 200, { 'Content-Type': 'text/css; charset=utf-8' })
  })
}
