import type { Context } from 'hono'
import { raw } from 'hono/html'
import type { App } from '../context.ts'
import { answerText } from './answer-text.ts'
import type { DocsPage } from './dist/docs.js'
import { DocsFrame } from './docs-frame.tsx'
import { atHome } from './docs-home.ts'
import { markdownOf } from './docs-list.ts'
import { answerPage } from './page.tsx'

/** A page of the documentation, as HTML and as Markdown. */
export type DocsParts = Pick<DocsPage, 'title' | 'description' | 'html' | 'markdown' | 'headings'>

/**
 * Answers with a page of the documentation: as HTML, or as Markdown when it was asked for by its name or by Accept.
 * @param href of the HTML
 */
export function answerDocs(
  c: Context<App>,
  href: string,
  parts: DocsParts,
): Response | Promise<Response> {
  c.header('Vary', 'Accept, Cookie')
  const { title, description, html, markdown, headings } = parts
  if (c.req.path.endsWith('.md') || c.req.header('Accept')?.includes('text/markdown')) {
    return answerText(c, 'text/markdown', atHome(c, markdown))
  }
  c.header('Link', `<${markdownOf(href)}>; rel="alternate"; type="text/markdown"`)
  return answerPage(c, {
    title,
    description,
    styles: ['docs.css'],
    scripts: ['docs.js'],
    markdown: markdownOf(href),
    body: (
      <DocsFrame href={href} headings={headings}>
        <h1>{title}</h1>
        <p class="lead">{description}</p>
        {raw(atHome(c, html))}
      </DocsFrame>
    ),
  })
}
