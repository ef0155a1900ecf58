import type { Child } from 'hono/jsx'
import type { DocsHeading } from './dist/docs.js'
import { DOCS_LINKS, type DocsLink, markdownOf } from './docs-list.ts'

type FrameProps = {
  readonly href: string
  readonly headings: readonly DocsHeading[]
  readonly children: Child
}

/** What stands around a page of the documentation: all pages, the headings of this one, and what comes before and after. */
export function DocsFrame({ href, headings, children }: FrameProps) {
  const at = DOCS_LINKS.findIndex((link) => link.href === href)
  const marked = headings.filter(({ depth }) => depth <= 3)
  return (
    <div class="docs">
      <details class="docs-nav" open>
        <summary>All pages</summary>
        <search class="docs-search" hidden>
          <input id="docs-search" type="search" placeholder="Find…" aria-label="Find in the docs" />
          <ul id="docs-found" hidden />
        </search>
        <DocsNav here={href} />
      </details>
      <article class="docs-text">
        {children}
        <nav class="docs-next" aria-label="Next pages">
          {at > 0 ? <Step link={DOCS_LINKS[at - 1]} word="Before" /> : <span />}
          {at < 0 ? null : <Step link={DOCS_LINKS[at + 1]} word="Next" />}
        </nav>
        <p class="quiet">
          This page as <a href={markdownOf(href)}>Markdown</a>
        </p>
      </article>
      <nav class="docs-toc" aria-label="On this page">
        {marked.length < 2 ? null : (
          <>
            <p>On this page</p>
            <ul>
              {marked.map(({ id, text, depth }) => (
                <li class={depth > 2 ? 'deep' : ''}>
                  <a href={`#${id}`}>{text}</a>
                </li>
              ))}
            </ul>
          </>
        )}
      </nav>
    </div>
  )
}

function DocsNav({ here }: { readonly here: string }) {
  const groups = [...new Set(DOCS_LINKS.map(({ group }) => group))]
  return (
    <nav aria-label="Documentation">
      {groups.map((group) => (
        <>
          <p>{group}</p>
          <ul>
            {DOCS_LINKS.filter((link) => link.group === group).map(({ href, title }) => (
              <li>
                <a href={href} {...(href === here ? { 'aria-current': 'page' } : {})}>
                  {title}
                </a>
              </li>
            ))}
          </ul>
        </>
      ))}
    </nav>
  )
}

function Step({ link, word }: { readonly link: DocsLink | undefined; readonly word: string }) {
  if (link === undefined) return null
  return (
    <a href={link.href}>
      <span class="quiet">{word}</span> {link.title}
    </a>
  )
}
