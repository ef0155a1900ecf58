/** A part of a reference, before it is HTML or Markdown. Texts may hold `code`, **strong** words and [links](/to). */
export type Block =
  | {
      readonly kind: 'heading'
      readonly depth: 2 | 3
      readonly id: string
      readonly text: string
      /** How the page's list of headings names it, when not by its text. */
      readonly short?: string
    }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'list'; readonly items: readonly string[] }
  | {
      readonly kind: 'table'
      readonly head: readonly string[]
      readonly rows: readonly (readonly string[])[]
    }
  | { readonly kind: 'code'; readonly language: 'json' | 'sh' | 'txt'; readonly text: string }
  /** What is looked at by few: closed until its summary is pressed. */
  | { readonly kind: 'more'; readonly summary: string; readonly blocks: readonly Block[] }

/** Reads the little Markdown that the documents' descriptions hold: paragraphs, and lists by `*`. */
export function blocksOf(markdown: string): Block[] {
  return markdown.split(/\n\n+/).flatMap((part): Block[] => {
    const lines = part.trim().split('\n')
    if (part.trim() === '') return []
    if (!lines.every((line) => line.startsWith('* '))) return [{ kind: 'text', text: part.trim() }]
    return [{ kind: 'list', items: lines.map((line) => line.slice(2)) }]
  })
}
