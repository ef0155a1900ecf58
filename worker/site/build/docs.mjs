// Makes pages of docs/*.md: their HTML, with code coloured by classes, as a page's policy allows no style in the text.
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import highlighter from 'highlight.js/lib/core'
import bash from 'highlight.js/lib/languages/bash'
import json from 'highlight.js/lib/languages/json'
import python from 'highlight.js/lib/languages/python'
import sql from 'highlight.js/lib/languages/sql'
import typescript from 'highlight.js/lib/languages/typescript'
import { Marked } from 'marked'
import { foldJson } from './fold-json.mjs'

/** By the word after the fence; what is not here stays plain. */
const LANGUAGES = { sh: bash, json, python, sql, ts: typescript }
/** What somebody would paste elsewhere. */
const PASTED = ['sh', 'ts', 'python', 'sql']
for (const [name, language] of Object.entries(LANGUAGES)) {
  highlighter.registerLanguage(name, language)
}

/** Reads every page of a folder, in their order. Throws for one without title, description, group or order. */
export async function readDocs(folder) {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.md'))
  const pages = await Promise.all(
    names.map(async (name) => pageOf(name, await readFile(join(folder, name), 'utf8'))),
  )
  return pages.sort((a, b) => a.order - b.order).map(({ order: _, ...page }) => page)
}

function pageOf(name, text) {
  const [, head = '', body = ''] = /^---\n(.*?)\n---\n+(.*)$/s.exec(text) ?? []
  const front = Object.fromEntries(
    head
      .split('\n')
      .map((line) => [line.split(':', 1)[0], line.slice(line.indexOf(':') + 1).trim()]),
  )
  const { title, description, group } = front
  const order = Number(front.order)
  if (!title || !description || !group || !(order > 0)) throw new Error(`${name}: no whole head`)
  const headings = []
  const html = new Marked({ renderer: rendererOf(headings) }).parse(withoutMarks(body))
  const markdown = `# ${title}\n\n${description}\n\n${withoutMarks(body)}`
  return {
    slug: name.replace(/\.md$/, ''),
    title,
    description,
    group,
    html,
    markdown,
    headings,
    order,
  }
}

/** What a fence says to our tests alone is not shown. */
function withoutMarks(body) {
  return body.replaceAll(/^```(\w+) .*$/gm, '```$1')
}

function rendererOf(headings) {
  return {
    heading({ tokens, depth, text }) {
      const plain = text.replaceAll(/[`*]/g, '').replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      const id = anchorOf(plain)
      if (headings.some((heading) => heading.id === id)) throw new Error(`two headings ${id}`)
      headings.push({ id, text: plain, depth })
      const inside = this.parser.parseInline(tokens)
      const link = `<a class="anchor" href="#${id}" aria-label="Link to this section">#</a>`
      return `<h${depth} id="${id}">${inside} ${link}</h${depth}>\n`
    },
    code({ text, lang = '' }) {
      const shown = lang === 'json' ? folded(text) : text
      const inside =
        lang in LANGUAGES
          ? highlighter.highlight(shown, { language: lang }).value
          : escapeHtml(shown)
      const pre = `<pre tabindex="0"><code>${inside}</code></pre>`
      return PASTED.includes(lang) ? `<div class="copy">${pre}</div>\n` : `${pre}\n`
    },
    table({ header, rows }) {
      const cells = (row, tag) =>
        row.map(
          ({ tokens, align }) =>
            `<${tag}${align === 'right' ? ' class="num"' : ''}>${this.parser.parseInline(tokens)}</${tag}>`,
        )
      const line = (row, tag) => `<tr>${cells(row, tag).join('')}</tr>`
      const body = rows.map((row) => line(row, 'td')).join('\n')
      return `<div class="scroll" tabindex="0"><table><thead>${line(header, 'th')}</thead><tbody>${body}</tbody></table></div>\n`
    },
  }
}

/** JSON documents, each of which begins a line, folded. What is none stays as it is. */
function folded(text) {
  try {
    return text
      .split(/\n(?=\{)/)
      .map((document) => foldJson(JSON.parse(document)))
      .join('\n')
  } catch {
    return text
  }
}

/** The anchor of a heading: its words in small letters with hyphens between them. */
function anchorOf(text) {
  return text
    .toLowerCase()
    .replaceAll(/[^\w\s-]/g, '')
    .trim()
    .replaceAll(/\s+/g, '-')
}

function escapeHtml(text) {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
