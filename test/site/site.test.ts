import { afterAll, beforeAll, describe } from 'vitest'
import { testBilling } from './billing.ts'
import { testDashboard } from './dashboard.ts'
import { testDocs } from './docs.ts'
import { testDocsSamples } from './docs-samples.ts'
import { testDoctor } from './doctor.ts'
import { testKeys } from './keys.ts'
import { testLanding } from './landing.ts'
import { testLivePage } from './live-page.ts'
import { testMarketPages } from './market.ts'
import { testPeople } from './people.ts'
import { testPlayground } from './playground.ts'
import { type Site, startSite } from './site-rig.ts'
import { testStatus } from './status.ts'
import { testWholeSite } from './whole-site.ts'

let running: Site | undefined

/** One product and one browser for all that follows. */
function site(): Site {
  if (running === undefined) throw new Error('the site does not run')
  return running
}

beforeAll(async () => {
  running = await startSite()
})
afterAll(async () => {
  await running?.stop()
})

describe('landing', () => testLanding(site))
describe('live', () => testLivePage(site))
describe('markets', () => testMarketPages(site))
describe('dashboard', () => testDashboard(site))
describe('doctor', () => testDoctor(site))
describe('people', () => testPeople(site))
describe('keys', () => testKeys(site))
describe('billing', () => testBilling(site))
describe('playground', () => testPlayground(site))
describe('status', () => testStatus(site))
describe('docs', () => testDocs(site))
describe('docs samples', () => testDocsSamples(site))
describe('whole', () => testWholeSite(site))
