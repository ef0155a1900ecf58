/** What a page is read into; ../built.d.ts has it whole. */
type ReadPage = {
  readonly slug: string
  readonly html: string
  readonly markdown: string
  readonly headings: readonly { readonly id: string; readonly text: string }[]
}

/** Reads every page of a folder, in their order. Throws for one without title, description, group or order. */
export function readDocs(folder: string): Promise<ReadPage[]>
