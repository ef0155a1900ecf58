import { DOCS } from './dist/docs.js'

/** A page of the documentation as others lead to it. */
export type DocsLink = {
  readonly href: string
  readonly title: string
  readonly description: string
  readonly group: string
}

/** The pages that are made from what the API says of itself. */
export const REFERENCES = [
  {
    href: '/docs/api',
    title: 'REST reference',
    description: 'Every address of the API: parameters, answers, refusals, with examples.',
    group: 'Reference',
    before:
      'Made from [/openapi.json](/openapi.json), which is the API’s own word. The same [interactive](/docs/api/explorer), or in the [playground](/playground).',
  },
  {
    href: '/docs/streams',
    title: 'Stream reference',
    description: 'Every message of the websocket streams, of both sides, with examples.',
    group: 'Reference',
    before:
      'Made from [/asyncapi.json](/asyncapi.json), which is the streams’ own word. How to begin: [Streaming](/docs/streaming).',
  },
] as const

/** Every page of the documentation in its order; what is made from the API's own words comes before the changelog. */
export const DOCS_LINKS: readonly DocsLink[] = [
  ...DOCS.filter(({ slug }) => slug !== 'changelog').map(linkOf),
  ...REFERENCES,
  ...DOCS.filter(({ slug }) => slug === 'changelog').map(linkOf),
]

function linkOf(page: (typeof DOCS)[number]): DocsLink {
  const { slug, title, description, group } = page
  return { href: slug === 'index' ? '/docs' : `/docs/${slug}`, title, description, group }
}

/** The address of the same page as Markdown. */
export function markdownOf(href: string): string {
  return href === '/docs' ? '/docs/index.md' : `${href}.md`
}
