import type { OpenAPIHono } from '@hono/zod-openapi'
import { printInstant } from '#core/instant'
import { MARKET_STATUSES } from '#core/market-status'
import type { App } from '../../context.ts'
import { DatabaseAwayError } from '../../database.ts'
import type { ListedMarket } from '../../store/markets.ts'
import { answerPage } from '../page.tsx'
import { MarketsAway } from '../pages/no-market.tsx'
import { printMoment } from '../print-moment.ts'
import { sitePath } from '../site-path.ts'
import { type FoundMarkets, findMarkets } from './find-markets.ts'
import { listAddress, type MarketQuery, readMarketQuery } from './market-query.ts'

/** Names that are suggested to who types. */
const NAMES = 8

/** `GET /markets`: the list of markets and its search; `/market-names?q=`: names for who types, as JSON. */
export function addMarketList(app: OpenAPIHono<App>): void {
  sitePath(app, '/markets')
  sitePath(app, '/market-names')
  app.get('/market-names', async (c) => {
    const query = readMarketQuery({ q: c.req.query('q') ?? '' })
    const { rows } = query.q === '' ? { rows: [] } : await findMarkets(c, query, NAMES)
    return c.json({ data: rows.map(({ ticker, title }) => ({ ticker, title })) })
  })
  app.get('/markets', async (c) => {
    const query = readMarketQuery(c.req.query())
    try {
      const found = await findMarkets(c, query)
      return answerPage(c, {
        title: 'Markets',
        description: 'Search the markets whose order books are recorded, and see from when on.',
        body: <MarketList query={query} {...found} />,
        scripts: query.shown ? [] : ['markets.js'],
        styles: ['market.css'],
      })
    } catch (error) {
      if (!(error instanceof DatabaseAwayError)) throw error
      return answerPage(c, { title: 'Not now', body: <MarketsAway /> }, 503)
    }
  })
}

function MarketList({ query, rows, next }: FoundMarkets & { readonly query: MarketQuery }) {
  return (
    <>
      <h1>Markets</h1>
      {query.shown ? (
        <p class="lead">
          These are open to visitors, without an account. <a href="/markets">All markets</a>
        </p>
      ) : (
        <SearchForm query={query} />
      )}
      {rows.length === 0 ? (
        <p class="note">No market is found by this. Try fewer words, or another status.</p>
      ) : (
        <section class="scroll found" tabindex={0} aria-label="Markets found">
          <table>
            <thead>
              <tr>
                <th scope="col">Market</th>
                <th scope="col">Status</th>
                <th scope="col" class="num">
                  Recorded from
                </th>
                <th scope="col" class="num">
                  Through
                </th>
              </tr>
            </thead>
            <tbody>
              {rows.map((market) => (
                <Row market={market} />
              ))}
            </tbody>
          </table>
        </section>
      )}
      <p class="line">
        {query.after === null ? null : <a href={listAddress(query, null)}>First page</a>}
        {next === null ? null : (
          <a rel="next" href={listAddress(query, next)}>
            Next page
          </a>
        )}
      </p>
    </>
  )
}

function SearchForm({ query }: { readonly query: MarketQuery }) {
  return (
    <form class="card line window" action="/markets">
      <div class="words">
        <label for="q">Words</label>
        <input
          id="q"
          name="q"
          type="search"
          value={query.q}
          maxlength={200}
          placeholder="fed december, bitcoin 95000 …"
          list="names"
          autocomplete="off"
        />
        <datalist id="names" />
      </div>
      <div>
        <label for="status">Status</label>
        <select id="status" name="status">
          <option value="">any</option>
          {MARKET_STATUSES.map((status) => (
            <option value={status} selected={status === query.status}>
              {status}
            </option>
          ))}
        </select>
      </div>
      <div>
        <label for="series">Series</label>
        <input
          id="series"
          name="series"
          value={query.series}
          maxlength={128}
          placeholder="its ticker"
          spellcheck={false}
        />
      </div>
      {query.event === '' ? null : <input type="hidden" name="event" value={query.event} />}
      <button type="submit">Search</button>
      {query.event === '' ? null : (
        <p class="quiet">
          Markets of the event <code>{query.event}</code>. <a href="/markets">All markets</a>
        </p>
      )}
    </form>
  )
}

function Row({ market }: { readonly market: ListedMarket }) {
  const { ticker, title, yesSubTitle, status, recordedFrom, recordedThrough } = market
  const moment = (us: ListedMarket['recordedFrom']) =>
    us === null ? '—' : printMoment(printInstant(us))
  return (
    <tr>
      <td class="about">
        <a href={`/markets/${encodeURIComponent(ticker)}`}>{title}</a>
        {yesSubTitle ? `, ${yesSubTitle}` : ''}
        <br />
        <code>{ticker}</code>
      </td>
      <td>
        <span class={status === 'active' ? 'pill good' : 'pill'}>{status}</span>
      </td>
      <td class="num">{moment(recordedFrom)}</td>
      <td class="num">{moment(recordedThrough)}</td>
    </tr>
  )
}
