import type { Block } from './block.ts'

/** Prints blocks as HTML. What they hold is escaped. */
export function printHtml(blocks: readonly Block[]): string {
  return blocks.map(printBlock).join('\n')
}

function printBlock(block: Block): string {
  switch (block.kind) {
    case 'heading': {
      const { depth, id, text } = block
      const link = `<a class="anchor" href="#${id}" aria-label="Link to this section">#</a>`
      return `<h${depth} id="${id}">${printWords(text)} ${link}</h${depth}>`
    }
    case 'text':
      return `<p>${printWords(block.text)}</p>`
    case 'list':
      return `<ul>${block.items.map((item) => `<li>${printWords(item)}</li>`).join('')}</ul>`
    case 'table': {
      const head = printRow(block.head, 'th')
      const rows = block.rows.map((row) => printRow(row, 'td')).join('')
      return `<div class="scroll" tabindex="0"><table><thead>${head}</thead><tbody>${rows}</tbody></table></div>`
    }
    case 'code': {
      const text = block.language === 'json' ? printJson(block.text) : escaped(block.text)
      return `<pre tabindex="0"><code>${text}</code></pre>`
    }
    case 'more':
      return `<details><summary>${printWords(block.summary)}</summary>${printHtml(block.blocks)}</details>`
  }
}

function printRow(cells: readonly string[], tag: 'th' | 'td'): string {
  return `<tr>${cells.map((cell) => `<${tag}>${printWords(cell)}</${tag}>`).join('')}</tr>`
}

/** `code`, **strong** and [links](/to). */
function printWords(text: string): string {
  return text
    .split(/(`[^`]+`|\[[^\]]+\]\([^)\s]+\)|\*\*[^*]+\*\*)/)
    .map((part, nth) => {
      if (nth % 2 === 0) return escaped(part)
      if (part.startsWith('`')) return `<code>${escaped(part.slice(1, -1))}</code>`
      if (part.startsWith('*')) return `<strong>${printWords(part.slice(2, -2))}</strong>`
      const [, words = '', href = ''] = /^\[(.+)\]\((.+)\)$/s.exec(part) ?? []
      return `<a href="${escaped(href)}">${printWords(words)}</a>`
    })
    .join('')
}

/** Colours the names and texts of JSON by the classes that other samples have. */
function printJson(text: string): string {
  return escaped(text).replaceAll(
    /(&quot;(?:[^&\\]|\\.|&(?!quot;))*&quot;)(\s*:)?|\b(?:true|false|null)\b|-?\b\d+(?:\.\d+)?\b/g,
    (all, string: string | undefined, colon: string | undefined) => {
      if (string === undefined) return `<span class="hljs-number">${all}</span>`
      if (colon === undefined) return `<span class="hljs-string">${string}</span>`
      return `<span class="hljs-attr">${string}</span>${colon}`
    },
  )
}

function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
}
