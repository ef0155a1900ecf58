import type { OpenAPIHono } from '@hono/zod-openapi'
import type { App } from '../../context.ts'
import { describeApi } from '../../describe-api.ts'
import { describeStream } from '../../describe-stream.ts'
import { perEnv } from '../../per-env.ts'
import { answerDocs, type DocsParts } from '../docs-answer.tsx'
import { REFERENCES } from '../docs-list.ts'
import { sitePath } from '../site-path.ts'
import type { Block } from './block.ts'
import { printHtml } from './block-html.ts'
import { printMarkdown } from './block-markdown.ts'
import { addExplorer } from './explorer.tsx'
import { describeRest } from './rest-reference.ts'
import { describeStreams } from './stream-reference.ts'

const [REST, STREAMS] = REFERENCES

/** The references of the REST API and of the streams: they say what the documents of the API say. */
export function addReferences(app: OpenAPIHono<App>): void {
  const rest = perEnv(() => restReference(app))
  const streams = perEnv(streamReference)
  for (const end of ['', '.md']) {
    app.get(`${REST.href}${end}`, (c) => answerDocs(c, REST.href, rest(c.env)))
    app.get(`${STREAMS.href}${end}`, (c) => answerDocs(c, STREAMS.href, streams(c.env)))
  }
  sitePath(app, '/docs/api/explorer')
  addExplorer(app)
}

/** The reference of the REST API as a page. */
export function restReference(app: OpenAPIHono<App>): DocsParts {
  return partsOf(REST, describeRest(describeApi(app, '')))
}

/** The reference of the streams as a page. */
export function streamReference(): DocsParts {
  return partsOf(STREAMS, describeStreams(describeStream('')))
}

function partsOf(
  { title, description, before }: (typeof REFERENCES)[number],
  blocks: readonly Block[],
): DocsParts {
  const all: readonly Block[] = [{ kind: 'text', text: before }, ...blocks]
  return {
    title,
    description,
    html: printHtml(all),
    markdown: `# ${title}\n\n${description}\n\n${printMarkdown(all)}`,
    headings: blocks.flatMap((block) =>
      block.kind === 'heading'
        ? [{ id: block.id, text: block.short ?? block.text, depth: block.depth }]
        : [],
    ),
  }
}
