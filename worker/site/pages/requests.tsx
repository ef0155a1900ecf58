import type { OpenAPIHono } from '@hono/zod-openapi'
import type { App } from '../../context.ts'
import { readKeys } from '../account-keys.ts'
import { answerRefusal } from '../answer-fault.tsx'
import {
  type CallsView,
  printCallsView,
  readCalls,
  readCallsView,
  type ShownCalls,
} from '../dashboard/account-calls.ts'
import { CallsFilter } from '../dashboard/calls-filter.tsx'
import { CallsTable } from '../dashboard/calls-table.tsx'
import { keyNames } from '../dashboard/key-names.ts'
import { DashboardTabs } from '../dashboard-tabs.tsx'
import { KEY_STYLES } from '../keys/key-styles.ts'
import { answerPage } from '../page.tsx'
import { printCount } from '../print-count.ts'
import { signedInOr } from '../require-person.tsx'
import { sitePath } from '../site-path.ts'

const PATH = '/dashboard/requests'

/** `/dashboard/requests`: the last 1,000 calls of the account of who is signed in. */
export function addRequestsPage(app: OpenAPIHono<App>): void {
  sitePath(app, PATH)
  app.get(PATH, async (c) => {
    const who = await signedInOr(c, PATH)
    if (who instanceof Response) return who
    const view = readCallsView((name) => c.req.query(name))
    const [keys, calls] = await Promise.all([readKeys(c), readCalls(c, view)])
    if (!keys.ok) return answerRefusal(c, keys.error, PATH)
    if (!calls.ok) return answerRefusal(c, calls.error, PATH)
    const names = keyNames(keys.keys)
    const { shown } = calls
    const body = (
      <>
        <DashboardTabs path={PATH} />
        <h1>Requests</h1>
        <p class="quiet">
          The last 1,000 calls of this account. Of refused ones at most 20 a minute are kept; what a
          call asked for is not kept at all. Give us a request id when something looks wrong.
        </p>
        <CallsFilter view={view} keys={keys.keys} names={names} />
        {shown.calls.length === 0 ? (
          <Nothing view={view} />
        ) : (
          <CallsTable calls={shown.calls} names={names} />
        )}
        <Pages view={view} shown={shown} />
      </>
    )
    return answerPage(c, { title: 'Requests', body, csrf: who.csrf, styles: KEY_STYLES })
  })
}

function Nothing({ view: { outcome, key } }: { readonly view: CallsView }) {
  if (outcome !== null || key !== null) return <p class="empty">No such call among them.</p>
  return (
    <p class="empty">
      No call yet. <a href="/dashboard/keys">Your keys</a> and{' '}
      <a href="/playground">the playground</a> lead to the first.
    </p>
  )
}

function Pages({ view, shown }: { readonly view: CallsView; readonly shown: ShownCalls }) {
  const { page, pages, total } = shown
  const to = (other: number) => PATH + printCallsView({ ...view, page: other })
  return (
    <nav class="head" aria-label="Pages of calls">
      <span class="quiet">
        {printCount(total)} {total === 1 ? 'call' : 'calls'}
        {pages > 1 ? `, page ${page} of ${pages}` : ''}
      </span>
      <span class="line">
        {page > 1 ? <a href={to(page - 1)}>Newer</a> : null}
        {page < pages ? <a href={to(page + 1)}>Older</a> : null}
      </span>
    </nav>
  )
}
