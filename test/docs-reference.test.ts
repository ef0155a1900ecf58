import { expect, test } from 'vitest'
import { foldJson } from '../worker/site/build/fold-json.mjs'
import { type Block, blocksOf } from '../worker/site/reference/block.ts'
import { printHtml } from '../worker/site/reference/block-html.ts'
import { printMarkdown } from '../worker/site/reference/block-markdown.ts'
import { fieldsOf } from '../worker/site/reference/schema-fields.ts'

test('what a reference holds is escaped, and its words become code, links and emphasis', () => {
  const text = '**Codes** are `a<b` & [`x`](/docs/errors#x)'
  expect(printHtml([{ kind: 'text', text }])).toBe(
    '<p><strong>Codes</strong> are <code>a&lt;b</code> &amp; <a href="/docs/errors#x"><code>x</code></a></p>',
  )
  const code: Block = {
    kind: 'code',
    language: 'json',
    text: '{"a<": "b\\"c", "n": -1.5, "z": null}',
  }
  expect(printHtml([code])).toContain(
    '<span class="hljs-attr">&quot;a&lt;&quot;</span>: <span class="hljs-string">&quot;b\\&quot;c&quot;</span>',
  )
  expect(printHtml([code])).toContain('<span class="hljs-number">-1.5</span>')
})

test('the same blocks are a table in Markdown, whose cells break nothing', () => {
  const rows = [['`a`', 'x | y']]
  expect(printMarkdown([{ kind: 'table', head: ['Name', 'Is'], rows }])).toBe(
    '| Name | Is |\n| --- | --- |\n| `a` | x \\| y |\n',
  )
})

test('a description becomes paragraphs and lists', () => {
  expect(blocksOf('One.\n\n* a\n* b\n')).toEqual([
    { kind: 'text', text: 'One.' },
    { kind: 'list', items: ['a', 'b'] },
  ])
})

test('JSON is folded into lines that can be read, and stays the same', () => {
  const value = {
    data: { bids: [['0.4200', '1200.00']], long: 'x'.repeat(60), none: null, seq: 7 },
  }
  const told = foldJson(value)
  expect(told).toBe(`{
  "data": {
    "bids": [["0.4200", "1200.00"]],
    "long": "${'x'.repeat(60)}",
    "none": null, "seq": 7
  }
}`)
  expect(JSON.parse(told)).toEqual(value)
})

test('the fields of a schema are told once each, through references, lists and several shapes', () => {
  const one = { properties: { type: { const: 'a' }, at: { type: 'integer', description: 'When' } } }
  const two = { properties: { type: { const: 'b' }, next: { $ref: '#/components/schemas/Next' } } }
  const read = () => ({ type: ['string', 'null'] })
  const schema = { properties: { rows: { type: 'array', items: { oneOf: [one, two] } } } }
  expect(fieldsOf(schema, read)).toEqual([
    { name: 'rows', type: 'list of object', words: '' },
    { name: 'rows[].type', type: '`a` or `b`', words: '' },
    { name: 'rows[].at', type: 'integer', words: 'When' },
    { name: 'rows[].next', type: 'text or null', words: '' },
  ])
})
