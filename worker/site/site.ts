import type { OpenAPIHono } from '@hono/zod-openapi'
import type { App } from '../context.ts'
import { addBillingPages } from './pages/billing.tsx'
import { addDashboard } from './pages/dashboard.tsx'
import { addDocs } from './pages/docs.tsx'
import { addKeyPages } from './pages/keys.tsx'
import { addLanding } from './pages/landing.tsx'
import { addLicence } from './pages/licence.tsx'
import { addLivePage } from './pages/live.tsx'
import { addMarketPages } from './pages/market.tsx'
import { addPlayground } from './pages/playground.tsx'
import { addPricing } from './pages/pricing.tsx'
import { addSettingsPages } from './pages/settings.tsx'
import { addSignInPages } from './pages/sign-in.tsx'
import { addStatusPage } from './pages/status.tsx'
import { addSiteFiles } from './site-files.ts'

/** Every page of the site, and the files that they are made of. */
export function addSite(app: OpenAPIHono<App>): void {
  addLanding(app)
  addPricing(app)
  addStatusPage(app)
  addLicence(app)
  addSignInPages(app)
  addDashboard(app)
  addKeyPages(app)
  addBillingPages(app)
  addSettingsPages(app)
  addPlayground(app)
  addMarketPages(app)
  addLivePage(app)
  addDocs(app)
  addSiteFiles(app)
}
