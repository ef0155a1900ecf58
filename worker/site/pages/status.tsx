import type { OpenAPIHono } from '@hono/zod-openapi'
import type { Context } from 'hono'
import type { StatusHistory } from '#core/wire/status-history-answer'
import type { App } from '../../context.ts'
import { DatabaseAwayError } from '../../database.ts'
import { keptStatus } from '../../status/kept-status.ts'
import { tellHistory } from '../../status/read-history.ts'
import { answerPage } from '../page.tsx'
import { sitePath } from '../site-path.ts'
import { CoveragePart } from '../status/coverage-part.tsx'
import { HoursPart, SPANS } from '../status/hours-part.tsx'
import { GapsPart, IncidentsPart } from '../status/incidents-part.tsx'
import { NowPart } from '../status/now-part.tsx'

/** `GET /status`: how the feed and the record do and did; also while parts of us are away. */
export function addStatusPage(app: OpenAPIHono<App>): void {
  sitePath(app, '/status')
  app.get('/status', async (c) => {
    const asked = SPANS.find(([span]) => String(span) === c.req.query('days'))
    const [days, name] = asked ?? SPANS[1]
    const [status, history] = await Promise.all([keptStatus(c), historyOrNot(c, days)])
    return answerPage(c, {
      title: 'Status',
      description: 'How KalshiBook’s feed and record do now, and how they did by hour and by day.',
      styles: ['status.css'],
      scripts: ['status.js'],
      body: (
        <>
          <h1>Status</h1>
          <NowPart status={status} />
          {history === null ? (
            <p class="note warn">
              The past cannot be read now: lag by hour, incidents, gaps and coverage are not known
              until the record answers again. This page looks again by itself.
            </p>
          ) : (
            <>
              <HoursPart history={history} days={days} />
              <IncidentsPart history={history} name={name} healthy={status.feed === 'healthy'} />
              <GapsPart history={history} name={name} />
              <CoveragePart history={history} />
            </>
          )}
          <section aria-labelledby="data">
            <h2 id="data">As data</h2>
            <p>
              <a href="/v1/status">/v1/status</a> and{' '}
              <a href={`/v1/status/history?days=${days}`}>/v1/status/history?days={days}</a>,
              without a key.
            </p>
          </section>
        </>
      ),
    })
  })
}

/** The past, or null while it cannot be read. */
async function historyOrNot(c: Context<App>, days: number): Promise<StatusHistory | null> {
  try {
    return await tellHistory(c, days)
  } catch (error) {
    if (error instanceof DatabaseAwayError) return null
    throw error
  }
}
