/** Made by build/build-site.mjs before the Worker is bundled. */
declare module '*/dist/site-files.js' {
  /** The address of each static file of the pages, by its name: `live.js`, `site.css`. */
  export const SITE_FILES: Readonly<Record<string, string>>
}

declare module '*/dist/docs.js' {
  /** A page of the documentation, made of docs/{slug}.md. */
  export type DocsPage = {
    readonly slug: string
    readonly title: string
    readonly description: string
    /** Under which word it stands beside the others. */
    readonly group: string
    readonly html: string
    readonly markdown: string
    readonly headings: readonly DocsHeading[]
  }
  /** A heading, by its anchor; `depth` is 2 or more. */
  export type DocsHeading = { readonly id: string; readonly text: string; readonly depth: number }
  /** Every page, in their order. */
  export const DOCS: readonly DocsPage[]
}
