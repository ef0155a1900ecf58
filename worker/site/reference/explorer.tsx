import type { OpenAPIHono } from '@hono/zod-openapi'
import type { App } from '../../context.ts'
import { fileAddress } from '../file-address.ts'
import { answerPage } from '../page.tsx'

/** `/docs/api/explorer`: the document of the API in Scalar, whose script is large and comes when it is asked for. */
export function addExplorer(app: OpenAPIHono<App>): void {
  app.get('/docs/api/explorer', (c) =>
    answerPage(c, {
      title: 'Interactive reference',
      description: 'The REST API of KalshiBook to browse and to try, by Scalar.',
      scripts: ['explorer.js'],
      styles: ['docs.css'],
      policy: { foreignScript: true },
      body: (
        <>
          <div id="explorer-intro">
            <p class="crumbs">
              <a href="/docs">Docs</a> / <a href="/docs/api">REST reference</a>
            </p>
            <h1>Interactive reference</h1>
            <p class="lead">
              <a href="/openapi.json">/openapi.json</a> in Scalar: search it, and send calls with a
              key of yours.
            </p>
            <p>
              <button id="explorer-open" type="button" data-script={fileAddress('scalar.js')}>
                Open the interactive reference
              </button>{' '}
              <span id="explorer-note" class="quiet" role="status">
                It loads 1.2 MB from this site, and nothing from any other.
              </span>
            </p>
            <noscript>
              <p class="note warn">
                It needs JavaScript. The <a href="/docs/api">REST reference</a> does not.
              </p>
            </noscript>
          </div>
          <div id="explorer" />
        </>
      ),
    }),
  )
}
