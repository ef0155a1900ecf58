import type { OpenAPIHono } from '@hono/zod-openapi'
import type { Context } from 'hono'
import type { App } from '../../context.ts'
import { perEnv } from '../../per-env.ts'
import { answerText } from '../answer-text.ts'
import { DOCS } from '../dist/docs.js'
import { atHome, homeOf } from '../docs-home.ts'
import { DOCS_LINKS, markdownOf } from '../docs-list.ts'
import { restReference, streamReference } from '../reference/reference-pages.tsx'
import { sitePath } from '../site-path.ts'

/** Pages for everybody that are no documentation. */
const PAGES = [
  '/',
  '/markets',
  '/playground',
  '/pricing',
  '/status',
  '/licence',
  '/docs/api/explorer',
]
/** For who is signed in, and what is called by keys: nothing there is to be found by words. */
const NOT_LISTED = ['/account', '/auth', '/dashboard', '/live', '/v1']
const DAY_MS = 86_400_000
/** How long (ms) the word of security.txt holds; RFC 9116 recommends less than a year. */
const SECURITY_MS = 180 * DAY_MS

const ABOUT = `# KalshiBook

> Every order book of the Kalshi exchange, live and at any past instant, over REST and websocket.
> Prices are decimal strings in dollars, times are UTC. Where the record does not know a book, it says so.

Base address: https://kalshibook.com/v1. A key goes into the header \`Authorization: Bearer kb_live_…\`. A book
costs 1 credit, 1,000 rows 1, metadata 1 a page; \`dry_run=1\` tells what a call can cost. Errors have one envelope,
whose \`doc_url\` leads to what to do.
`

/** What machines read of the site: `/llms.txt`, `/robots.txt` and their kin. */
export function addMachineFiles(app: OpenAPIHono<App>): void {
  const whole = perEnv(() => fullText(app))
  const files: Readonly<Record<string, [type: string, print: (c: Context<App>) => string]>> = {
    '/llms.txt': ['text/plain', (c) => atHome(c, SHORT)],
    '/llms-full.txt': ['text/plain', (c) => atHome(c, whole(c.env))],
    '/robots.txt': ['text/plain', (c) => robots(homeOf(c))],
    '/sitemap.xml': ['application/xml', (c) => sitemap(homeOf(c))],
    '/.well-known/security.txt': ['text/plain', (c) => security(homeOf(c), Date.now())],
  }
  for (const [path, [type, print]] of Object.entries(files)) {
    sitePath(app, path)
    app.get(path, (c) => answerText(c, type, print(c)))
  }
}

/** Every page with its address as Markdown, as https://llmstxt.org has it. */
const SHORT = [
  ABOUT,
  ...[...new Set(DOCS_LINKS.map(({ group }) => group))].flatMap((group) => [
    `## ${group}\n`,
    ...DOCS_LINKS.filter((link) => link.group === group).map(
      ({ href, title, description }) =>
        `- [${title}](https://kalshibook.com${markdownOf(href)}): ${description}`,
    ),
    '',
  ]),
  '## Machine-readable\n',
  '- [OpenAPI 3.1](https://kalshibook.com/openapi.json): the REST API, every parameter, answer and refusal',
  '- [AsyncAPI 3.0](https://kalshibook.com/asyncapi.json): the websocket streams, every message',
  '- [All of the documentation](https://kalshibook.com/llms-full.txt): every page above in one text',
  '',
].join('\n')

function fullText(app: OpenAPIHono<App>): string {
  const pages = [...DOCS, restReference(app), streamReference()]
  return [ABOUT, ...pages.map(({ markdown }) => markdown)].join('\n\n---\n\n')
}

function robots(home: string): string {
  const lines = NOT_LISTED.map((path) => `Disallow: ${path}`)
  return ['User-agent: *', ...lines, '', `Sitemap: ${home}/sitemap.xml`, ''].join('\n')
}

function sitemap(home: string): string {
  const paths = [...PAGES, ...DOCS_LINKS.map(({ href }) => href)]
  const urls = paths.map((path) => `  <url><loc>${home}${path}</loc></url>`)
  return `<?xml version="1.0" encoding="UTF-8"?>
<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">
${urls.join('\n')}
</urlset>
`
}

/** RFC 9116. It is the same for a day. */
function security(home: string, nowMs: number): string {
  const expires = new Date(Math.floor(nowMs / DAY_MS) * DAY_MS + SECURITY_MS).toISOString()
  return `Contact: mailto:security@${new URL(home).hostname}
Expires: ${expires}
Preferred-Languages: en
Canonical: ${home}/.well-known/security.txt
`
}
