import type { Context } from 'hono'
import { accepts } from 'hono/accepts'
import type { App } from './context.ts'

/** How a list is sent, as media types; all but JSON are streams. */
export const JSON_TYPE = 'application/json'
export const NDJSON_TYPE = 'application/x-ndjson'
export const CSV_TYPE = 'text/csv'
export type Format = typeof JSON_TYPE | typeof NDJSON_TYPE | typeof CSV_TYPE

const FORMATS: readonly Format[] = [JSON_TYPE, NDJSON_TYPE, CSV_TYPE]

/** The format that a request prefers by `Accept`; JSON when it names none of ours. */
export function formatOf(c: Context<App>): Format {
  const named = accepts(c, { header: 'Accept', supports: [...FORMATS], default: JSON_TYPE })
  return FORMATS.find((format) => format === named) ?? JSON_TYPE
}

/** Whether the caller takes gzip: `Accept-Encoding` names it and does not weigh it with 0. */
export function takesGzip(c: Context<App>): boolean {
  const parts = (c.req.header('Accept-Encoding') ?? '').toLowerCase().split(',')
  return parts.some((part) => /^\s*gzip\s*(?:;\s*q=(?!0(?:\.0*)?\s*$).*)?$/.test(part))
}
