import type { OpenAPIHono } from '@hono/zod-openapi'
import { raw } from 'hono/html'
import type { App } from '../../context.ts'
import { DatabaseAwayError } from '../../database.ts'
import { describeApi } from '../../describe-api.ts'
import { showcaseOf } from '../../keys/showcase.ts'
import { answerPage } from '../page.tsx'
import type { Operation } from '../playground/operation.ts'
import { readOperations } from '../playground/read-operations.ts'
import { sitePath } from '../site-path.ts'
import { accountCsrf, whoLooks } from '../who.ts'
import { AnswerCard, CallCard, SampleCard } from './playground-cards.tsx'
import { WhoCalls } from './playground-who.tsx'

/** `GET /playground`: calls of every endpoint, made by hand. */
export function addPlayground(app: OpenAPIHono<App>): void {
  let read: readonly Operation[] | null = null
  sitePath(app, '/playground')
  app.get('/playground', async (c) => {
    // What the document says of addresses is of no use here.
    read ??= readOperations(describeApi(app, ''))
    const [who, markets] = await Promise.all([
      whoLooks(c),
      showcaseOf(c).catch((error: unknown) => {
        if (error instanceof DatabaseAwayError) return []
        throw error
      }),
    ])
    const csrf = accountCsrf(who)
    return answerPage(c, {
      title: 'Playground',
      description:
        'Call every endpoint of KalshiBook from the browser: what it costs, the answer as JSON and as a picture, and the same call as curl, TypeScript and Python.',
      scripts: ['playground.js'],
      styles: ['picture.css', 'playground.css'],
      csrf,
      body: (
        <>
          <h1>Playground</h1>
          <p class="lead">
            Call any endpoint. See what it costs before you send it, and take it with you as code.
          </p>
          <noscript>
            <p class="note warn">
              The playground needs JavaScript. Every endpoint is described in the{' '}
              <a href="/docs/api">REST reference</a>.
            </p>
          </noscript>
          <div id="playground" hidden>
            <WhoCalls who={who} />
            <div class="playground">
              <CallCard operations={read} />
              <AnswerCard />
              <SampleCard />
            </div>
          </div>
          <DataBlock id="operations" value={read} />
          <DataBlock id="showcase" value={markets} />
        </>
      ),
    })
  })
}

/** What the page's script reads: JSON in an element that browsers do not run. */
function DataBlock({ id, value }: { readonly id: string; readonly value: unknown }) {
  const text = JSON.stringify(value).replaceAll('<', '\\u003c')
  return (
    <script id={id} type="application/json">
      {raw(text)}
    </script>
  )
}
