import type { Context } from 'hono'
import type { Child } from 'hono/jsx'
import type { App } from '../context.ts'
import { settingsOf } from '../env.ts'
import { readSessionCookies } from '../people/session-cookies.ts'
import { contentPolicy, type PolicyParts } from './content-policy.ts'
import { fileAddress } from './file-address.ts'
import { PageFoot, PageHead } from './page-frame.tsx'
import { PageMeta } from './page-meta.tsx'

/** What a page is made of. */
export type PageParts = {
  readonly title: string
  /** One sentence for search engines; none, and they are asked not to list the page. */
  readonly description?: string
  /** What stands in `<main>`. */
  readonly body: Child
  /** Names of our own scripts and styles: `live.js`, `docs.css`; `site.css` is there always. */
  readonly scripts?: readonly string[]
  readonly styles?: readonly string[]
  /** The session's word against forgery, for scripts that call what only it may. */
  readonly csrf?: string | null
  /** The address of the same page as Markdown. */
  readonly markdown?: string
  readonly policy?: PolicyParts
}

export type PageStatus = 200 | 400 | 401 | 402 | 403 | 404 | 405 | 409 | 422 | 429 | 500 | 503

/** Answers with a page; nobody keeps it, and what it holds of others is escaped. */
export function answerPage(
  c: Context<App>,
  parts: PageParts,
  status: PageStatus = 200,
): Response | Promise<Response> {
  const { title, description, body, scripts = [], styles = [], csrf = null, markdown } = parts
  const path = c.req.path
  c.header('Content-Security-Policy', contentPolicy(c.req.url, parts.policy))
  // `no-referrer` would have browsers send `Origin: null` with our forms.
  c.header('Referrer-Policy', 'same-origin')
  const known = readSessionCookies(c) !== null
  return c.html(
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <PageMeta
          title={path === '/' ? title : `${title} · KalshiBook`}
          description={description ?? null}
          address={addressOf(c)}
        />
        {csrf === null ? null : <meta name="kb-csrf" content={csrf} />}
        {markdown === undefined ? null : (
          <link rel="alternate" type="text/markdown" href={markdown} />
        )}
        {['site.css', ...styles].map((name) => (
          <link rel="stylesheet" href={fileAddress(name)} />
        ))}
        {scripts.map((name) => (
          <script type="module" src={fileAddress(name)} />
        ))}
      </head>
      <body>
        <PageHead path={path} known={known} />
        <main id="main" class="wide">
          {body}
        </main>
        <PageFoot />
      </body>
    </html>,
    status,
  )
}

/** The address of the page, whole; its path may be anything that a caller wrote, `//` too. */
function addressOf(c: Context<App>): string {
  const { origin } = new URL(settingsOf(c.env).PUBLIC_URL || c.req.url)
  return new URL(origin + c.req.path).href
}
