import type { OpenAPIHono } from '@hono/zod-openapi'
import type { App } from '../../context.ts'
import { answerPage } from '../page.tsx'
import { sitePath } from '../site-path.ts'

/** `GET /licence`. */
export function addLicence(app: OpenAPIHono<App>): void {
  sitePath(app, '/licence')
  app.get('/licence', (c) =>
    answerPage(c, {
      title: 'Licence and data notice',
      description:
        'Whose the data is, what you may do with it, and under which licence the software is.',
      styles: ['licence.css'],
      body: <Licence />,
    }),
  )
}

function Licence() {
  return (
    <article class="text">
      <h1>Licence and data notice</h1>
      <p class="lead">Whose the data is, what you may do with it, and what we do not promise.</p>

      <h2>We are not Kalshi</h2>
      <p>
        KalshiBook is not affiliated with Kalshi, not endorsed by it and not run for it. “Kalshi” is
        a name of its owner and is used here to say whose markets are recorded. What counts between
        you and the exchange is what the exchange says.
      </p>

      <h2>Permission to pass the data on</h2>
      <p>
        The market data comes from Kalshi’s own interfaces. Whoever runs this service needs Kalshi’s
        written permission to redistribute it, and is bound by the terms of that permission. The
        software gives no such right, and neither does an account here beyond what follows.
      </p>

      <h2>What you may do</h2>
      <ul>
        <li>
          Use what you receive for your own research, trading and software, inside your own
          organisation, for as long as you like.
        </li>
        <li>
          Publish what you have made of it: charts, statistics, models, and short extracts that show
          what you mean. Say that the data is Kalshi’s.
        </li>
      </ul>
      <h2>What you may not do</h2>
      <ul>
        <li>Resell the data, or pass on the data itself, raw or reshaped, to others.</li>
        <li>
          Share an API key outside your organisation, or open accounts to multiply free credits.
        </li>
        <li>Present the data as an official price, a settlement or an offer.</li>
      </ul>
      <p>Kalshi’s own terms may ask more of you. Where they do, they come first.</p>

      <h2>Nothing here is advice</h2>
      <p>
        Nothing on these pages or in these answers is advice on investing, trading, law or tax, nor
        an invitation to trade. Prices of prediction markets are no statement of ours about what
        will happen.
      </p>

      <h2>What we promise of the data</h2>
      <p>
        We tell what we know and what we do not: gaps, stale books and lost trades are said to be
        so, never smoothed over. <a href="/docs/gaps">What that means in full.</a> Beyond that the
        data comes as it is, without warranty that it is complete, right or in time for your
        purpose.
      </p>

      <h2>The software</h2>
      <p>
        The software that runs this service, with its reference client, is open source under the MIT
        licence. That licence covers the software alone, not the data.
      </p>
    </article>
  )
}
