import type { Context } from 'hono'
import type { z } from 'zod'
import type { ApiError } from '#core/api-error'
import type { App } from '../context.ts'
import { readBody } from '../read-body.ts'

/** More than any of our forms holds. */
const MOST_BYTES = 16_384

const FORM = 'application/x-www-form-urlencoded'

type Fields = Readonly<Record<string, unknown>>
export type FieldsReading =
  | { readonly ok: true; readonly fields: Fields }
  | { readonly ok: false; readonly error: ApiError }

/** A body can be read once: what was in it is kept as long as its request. */
const read = new WeakMap<Request, Promise<FieldsReading>>()

/** Whether a body is that of a page's form. */
export function isForm(c: Context<App>): boolean {
  return typeOf(c.req.raw) === FORM
}

/** The fields of a body, of JSON or of a form; may be called more than once. */
export function readFields(c: Context<App>): Promise<FieldsReading> {
  const request = c.req.raw
  const known = read.get(request)
  if (known !== undefined) return known
  const reading = fieldsOf(request)
  read.set(request, reading)
  return reading
}

/** Reads the fields of a body by a schema; the error says which field is wrong and why, never what it held. */
export async function parseFields<Schema extends z.ZodType>(
  c: Context<App>,
  schema: Schema,
): Promise<
  | { readonly ok: true; readonly fields: z.output<Schema> }
  | { readonly ok: false; readonly error: ApiError }
> {
  const reading = await readFields(c)
  if (!reading.ok) return reading
  const parsed = schema.safeParse(reading.fields)
  if (parsed.success) return { ok: true, fields: parsed.data }
  const issue = parsed.error.issues[0]
  const param = String(issue?.path[0] ?? 'body')
  return { ok: false, error: { code: 'invalid_param', param, message: issue?.message ?? 'wrong' } }
}

async function fieldsOf(request: Request): Promise<FieldsReading> {
  const type = typeOf(request)
  if (type !== 'application/json' && type !== FORM) {
    return wrong('Content-Type must be application/json')
  }
  const text = await readBody(request, MOST_BYTES)
  if (text === null) return wrong(`the body may have ${MOST_BYTES} bytes at most`)
  if (type !== 'application/json') {
    return { ok: true, fields: Object.fromEntries(new URLSearchParams(text)) }
  }
  try {
    const value: unknown = JSON.parse(text === '' ? '{}' : text)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      return { ok: true, fields: { ...value } }
    }
  } catch {}
  return wrong('the body must be a JSON object')
}

function typeOf(request: Request): string | undefined {
  return request.headers.get('Content-Type')?.split(';')[0]?.trim().toLowerCase()
}

function wrong(message: string): FieldsReading {
  return { ok: false, error: { code: 'invalid_param', param: 'body', message } }
}
