import type { Context } from 'hono'
import type { App } from '../context.ts'
import { readFields } from '../people/read-fields.ts'

/** The fields of a form that was sent; none of what is no text, none where the body cannot be read. */
export async function readForm(c: Context<App>): Promise<Readonly<Record<string, string>>> {
  const read = await readFields(c)
  if (!read.ok) return {}
  const texts = Object.entries(read.fields).flatMap(([name, value]): [string, string][] =>
    typeof value === 'string' ? [[name, value]] : [],
  )
  return Object.fromEntries(texts)
}
