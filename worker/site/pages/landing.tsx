import type { OpenAPIHono } from '@hono/zod-openapi'
import type { App } from '../../context.ts'
import { settingsOf } from '../../env.ts'
import { answerPage } from '../page.tsx'
import { recordedNow } from '../recorded-now.ts'
import { shownMarket } from '../shown-market.ts'
import { sitePath } from '../site-path.ts'
import { FirstCalls, LandingBook, SHOWN_DEPTH } from './landing-book.tsx'
import { ForWhom, PlansInALine, Promises, WhatYouGet } from './landing-words.tsx'
import { RecordedNow } from './recorded-now.tsx'

const SENTENCE =
  'KalshiBook records the order books of Kalshi’s prediction markets, change by change, and serves them over REST and WebSocket: as they are now, and as they were at any recorded microsecond.'

/** `GET /`. */
export function addLanding(app: OpenAPIHono<App>): void {
  sitePath(app, '/')
  app.get('/', async (c) => {
    const [shown, recorded] = await Promise.all([shownMarket(c, SHOWN_DEPTH), recordedNow(c)])
    const origin = new URL(settingsOf(c.env).PUBLIC_URL || c.req.url).origin
    return answerPage(c, {
      title: 'KalshiBook: Kalshi’s order books, live and past',
      description: SENTENCE,
      styles: ['landing.css'],
      scripts: ['landing.js'],
      body: (
        <>
          <div class="hero">
            <div>
              <h1>Kalshi’s order books, live and at any recorded moment</h1>
              <p class="lead">{SENTENCE}</p>
              <p class="line">
                <a class="button" href="/signup">
                  Get a free key
                </a>
                <a class="button second" href="/docs">
                  Read the docs
                </a>
                <a class="button second" href="/playground">
                  Playground
                </a>
              </p>
              <p class="quiet">10,000 credits a month are free. No card is asked for.</p>
            </div>
            <LandingBook shown={shown} />
          </div>
          <FirstCalls shown={shown} origin={origin} />
          <RecordedNow recorded={recorded} />
          <WhatYouGet />
          <Promises />
          <ForWhom />
          <PlansInALine />
        </>
      ),
    })
  })
}
