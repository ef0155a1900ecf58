import { z } from 'zod'
import { Refusal } from './refusal.ts'
import type { Metadata } from './state.ts'

export const text = z.string().min(1).max(5000)
export const flag = z
  .union([z.boolean(), z.enum(['true', 'false'])])
  .transform((value) => value === true || value === 'true')
export const whole = z
  .union([z.number(), z.string().regex(/^-?\d+$/)])
  .transform(Number)
  .pipe(z.int())
export const decimal = z.string().regex(/^\d+(?:\.\d{1,12})?$/)
/** An empty value unsets a key. */
export const metadata = z.union([
  z.literal('').transform(() => ({})),
  z.record(z.string().min(1).max(40), z.union([z.string(), z.number()]).transform(String)),
])
export const expand = z.array(z.string()).optional()
/** Only what is off: taxes are not stood in for. */
export const noTax = z.strictObject({ enabled: z.enum(['false']) }).optional()
/** What every list takes. */
export const paged = {
  limit: whole.pipe(z.int().min(1).max(100)).default(10),
  starting_after: text.optional(),
  ending_before: text.optional(),
  expand,
}
export const range = z
  .union([
    whole.transform((at) => ({ gte: at, lte: at })),
    z.strictObject({ gt: whole, gte: whole, lt: whole, lte: whole }).partial(),
  ])
  .optional()

/** Parameters as a call takes them. Throws a Refusal for what is unknown, missing or wrong, as Stripe does. */
export function readParams<Schema extends z.ZodType>(
  schema: Schema,
  given: Readonly<Record<string, unknown>>,
): z.output<Schema> {
  const read = schema.safeParse(given)
  if (read.success) return read.data
  const issue = read.error.issues[0]
  const path = [...(issue?.path ?? [])]
  if (issue?.code === 'unrecognized_keys') {
    const param = nameOf([...path, issue.keys[0] ?? ''])
    const code = 'parameter_unknown'
    throw new Refusal(`Received unknown parameter: ${param}`, { code, param })
  }
  const param = nameOf(path)
  if (issue?.code === 'invalid_type' && !has(given, path)) {
    const code = 'parameter_missing'
    throw new Refusal(`Missing required param: ${param}.`, { code, param })
  }
  throw new Refusal(`Invalid ${param}: ${issue?.message ?? ''}`, { param })
}

/** What metadata become when some is given: an empty value takes its key away. */
export function merged(before: Metadata, given: Metadata | undefined): Metadata {
  const all = { ...before, ...given }
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== ''))
}

/** Whether a second lies in what was asked for. */
export function inRange(at: number, asked: z.output<typeof range>): boolean {
  if (asked === undefined) return true
  const { gt, gte, lt, lte } = asked as Partial<Record<'gt' | 'gte' | 'lt' | 'lte', number>>
  return (
    (gt === undefined || at > gt) &&
    (gte === undefined || at >= gte) &&
    (lt === undefined || at < lt) &&
    (lte === undefined || at <= lte)
  )
}

function nameOf([first, ...rest]: readonly PropertyKey[]): string {
  return `${String(first ?? '')}${rest.map((key) => `[${String(key)}]`).join('')}`
}

function has(given: unknown, path: readonly PropertyKey[]): boolean {
  let here = given
  for (const key of path) {
    if (typeof here !== 'object' || here === null || !(key in here)) return false
    here = (here as Record<PropertyKey, unknown>)[key]
  }
  return true
}
