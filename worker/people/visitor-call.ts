import type { Context } from 'hono'
import { z } from 'zod'
import type { ApiError } from '#core/api-error'
import type { Attempt } from '#core/sign-in-limits'
import { clientAddress } from '../client-address.ts'
import type { App } from '../context.ts'
import { settingsOf } from '../env.ts'
import { tooMany } from './attempts.ts'
import { foreignOrigin } from './own-pages.ts'
import { parseFields } from './read-fields.ts'
import { UNCONFIGURED } from './signed-in.ts'
import { type AskAs, type Supabase, supabaseOf } from './supabase.ts'

/** An address of mail, as it is compared. */
export const emailField = z
  .string('must be an email address')
  .trim()
  .max(254, 'must have 254 characters at most')
  .toLowerCase()
  .pipe(z.email('must be an email address'))

/** A password that is chosen; Supabase takes 72 bytes, and has a word of its own on what is weak. */
export const newPasswordField = z
  .string('must be text')
  .min(8, 'must have 8 characters or more')
  .refine((text) => new TextEncoder().encode(text).byteLength <= 72, 'must have 72 bytes at most')

/** What a call of somebody who is not signed in may go on with. */
export type VisitorCall<Fields> =
  | {
      readonly ok: true
      readonly fields: Fields
      readonly supabase: Supabase
      readonly as: AskAs
    }
  | { readonly ok: false; readonly error: ApiError }

/**
 * Lets a call of our own pages through that names an address of mail, when it was not tried too often. The same is done
 * whoever's the address is. Throws DatabaseAwayError.
 */
export async function visitorCall<Schema extends z.ZodType<{ readonly email: string }>>(
  c: Context<App>,
  attempt: Attempt,
  schema: Schema,
): Promise<VisitorCall<z.output<Schema>>> {
  const supabase = supabaseOf(settingsOf(c.env))
  if (supabase === null) return { ok: false, error: UNCONFIGURED }
  const foreign = foreignOrigin(c)
  if (foreign !== null) return { ok: false, error: foreign }
  const parsed = await parseFields(c, schema)
  if (!parsed.ok) return parsed
  const over = await tooMany(c, attempt, parsed.fields.email)
  if (over !== null) return { ok: false, error: over }
  return { ok: true, fields: parsed.fields, supabase, as: { address: clientAddress(c) } }
}
