import type { OpenAPIHono } from '@hono/zod-openapi'
import type { App } from '../../context.ts'
import { perEnv } from '../../per-env.ts'
import { answerText } from '../answer-text.ts'
import { DOCS } from '../dist/docs.js'
import { answerDocs } from '../docs-answer.tsx'
import { addReferences, restReference, streamReference } from '../reference/reference-pages.tsx'
import { sitePath } from '../site-path.ts'
import { addMachineFiles } from './machine-files.ts'

/** `/docs`, every page under it as HTML and as Markdown, and what machines read. */
export function addDocs(app: OpenAPIHono<App>): void {
  sitePath(app, '/docs')
  sitePath(app, '/docs/:name')
  addReferences(app)
  const places = perEnv(() => placesOf(app))
  app.get('/docs/search.json', (c) => answerText(c, 'application/json', places(c.env)))
  for (const page of DOCS) {
    const href = hrefOf(page.slug)
    for (const path of [href, `/docs/${page.slug}.md`]) {
      app.get(path, (c) => answerDocs(c, href, page))
    }
  }
  addMachineFiles(app)
}

/** Titles and headings of every page with their addresses, for the field that finds them. */
function placesOf(app: OpenAPIHono<App>): string {
  const pages = [
    ...DOCS.map((page) => ({ ...page, href: hrefOf(page.slug) })),
    { ...restReference(app), href: '/docs/api' },
    { ...streamReference(), href: '/docs/streams' },
  ]
  return JSON.stringify(
    pages.flatMap(({ href, title, headings }) => [
      [title, href],
      ...headings.map(({ id, text }) => [
        `${title}: ${text.replaceAll('\u200b', '')}`,
        `${href}#${id}`,
      ]),
    ]),
  )
}

function hrefOf(slug: string): string {
  return slug === 'index' ? '/docs' : `/docs/${slug}`
}
