import type { OpenAPIHono } from '@hono/zod-openapi'
import type { UseField } from '#core/plan-advice'
import type { App } from '../../context.ts'
import { readSessionCookies } from '../../people/session-cookies.ts'
import { answerPage } from '../page.tsx'
import { sitePath } from '../site-path.ts'
import { CreditPrices, PricingAnswers } from './credit-prices.tsx'
import { PlanCalculator } from './plan-calculator.tsx'
import { PlanCards } from './plan-cards.tsx'

/** `GET /pricing`; `?books=&rows=&minutes=` has it say what such days cost. */
export function addPricing(app: OpenAPIHono<App>): void {
  sitePath(app, '/pricing')
  app.get('/pricing', (c) => {
    const typed = c.req.query() as Partial<Record<UseField, string>>
    const known = readSessionCookies(c) !== null
    return answerPage(c, {
      title: 'Pricing',
      description:
        'What KalshiBook costs: a free plan with 10,000 credits a month, three larger ones, and what a credit buys.',
      styles: ['pricing.css'],
      scripts: ['pricing.js'],
      body: (
        <>
          <h1>Pricing</h1>
          <p class="lead">
            A plan includes credits for a calendar month. Credits pay for work that was done: a call
            that fails costs none.
          </p>
          <PlanCards known={known} />
          <CreditPrices />
          <PlanCalculator typed={typed} />
          <PricingAnswers />
        </>
      ),
    })
  })
}
