import type { OpenAPIHono } from '@hono/zod-openapi'
import type { App } from '../../context.ts'
import { nowUs } from '../../now.ts'
import { readKeys } from '../account-keys.ts'
import { answerRefusal } from '../answer-fault.tsx'
import { CreditCards } from '../dashboard/credit-cards.tsx'
import { FirstSteps } from '../dashboard/first-steps.tsx'
import { keyNames } from '../dashboard/key-names.ts'
import { OpenStreams } from '../dashboard/open-streams.tsx'
import { PlanLimits } from '../dashboard/plan-limits.tsx'
import { readAccount } from '../dashboard/read-account.ts'
import { UsageSection } from '../dashboard/usage-section.tsx'
import { readUsageView } from '../dashboard/usage-view.ts'
import { DashboardTabs } from '../dashboard-tabs.tsx'
import { KEY_STYLES } from '../keys/key-styles.ts'
import { answerPage } from '../page.tsx'
import { signedInOr } from '../require-person.tsx'
import { sitePath } from '../site-path.ts'
import { addRequestsPage } from './requests.tsx'

const PATH = '/dashboard'

/** `/dashboard`, and the log of calls beside it: how the account of who is signed in stands, what it used, and which of its streams are open. */
export function addDashboard(app: OpenAPIHono<App>): void {
  sitePath(app, PATH)
  app.get(PATH, async (c) => {
    const who = await signedInOr(c, PATH)
    if (who instanceof Response) return who
    const now = nowUs()
    const [read, account] = await Promise.all([readKeys(c), readAccount(c, who.accountId, now)])
    if (!read.ok) return answerRefusal(c, read.error, PATH)
    const { limits, usage, streams } = account
    const names = keyNames(read.keys)
    const isNew = usage?.length === 0 && limits?.used === 0
    const body = (
      <>
        <DashboardTabs path={PATH} />
        <div class="head">
          <h1>Overview</h1>
          <span class="quiet">{who.email}</span>
        </div>
        {isNew ? <FirstSteps keys={read.keys.length} /> : null}
        {limits === null ? (
          <p class="note warn">
            The account does not answer now, so its credits are not shown. Try again in a minute.
          </p>
        ) : (
          <CreditCards limits={limits} usage={usage} nowUs={now} />
        )}
        <UsageSection
          usage={usage}
          view={readUsageView((name) => c.req.query(name))}
          names={names}
          nowUs={now}
        />
        <OpenStreams streams={streams} names={names} />
        {limits === null ? null : <PlanLimits limits={limits} />}
      </>
    )
    const parts = { title: 'Dashboard', body, csrf: who.csrf }
    return answerPage(c, { ...parts, scripts: ['usage.js'], styles: KEY_STYLES })
  })
  addRequestsPage(app)
}
