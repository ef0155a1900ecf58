import type { OpenAPIHono } from '@hono/zod-openapi'
import type { App } from '../../context.ts'
import { answerText } from '../answer-text.ts'
import { DOCS } from '../dist/docs.js'
import { answerDocs } from '../docs-answer.tsx'
import { addReferences } from '../reference/reference-pages.tsx'
import { sitePath } from '../site-path.ts'
import { addMachineFiles } from './machine-files.ts'

/** `/docs`, every page under it as HTML and as Markdown, and what machines read. */
export function addDocs(app: OpenAPIHono<App>): void {
  sitePath(app, '/docs')
  sitePath(app, '/docs/:name')
  addReferences(app)
  app.get('/docs/search.json', (c) => answerText(c, 'application/json', SEARCHED))
  for (const page of DOCS) {
    const href = hrefOf(page.slug)
    for (const path of [href, `/docs/${page.slug}.md`]) {
      app.get(path, (c) => answerDocs(c, href, page))
    }
  }
  addMachineFiles(app)
}

/** Titles and headings of every page with their addresses, for the field that finds them. */
const SEARCHED = JSON.stringify(
  DOCS.flatMap(({ slug, title, headings }) => [
    [title, hrefOf(slug)],
    ...headings.map(({ id, text }) => [`${title}: ${text}`, `${hrefOf(slug)}#${id}`]),
  ]),
)

function hrefOf(slug: string): string {
  return slug === 'index' ? '/docs' : `/docs/${slug}`
}
