import { randomBytes } from 'node:crypto'
import { readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { makeApiKey } from '#core/api-key'
import { makeSecretKey } from './stripe/stripe.ts'
import { newSupabaseKeys } from './supabase/server.ts'

const kept = z.object({
  feedToken: z.string(),
  keyPepper: z.string(),
  cursorSecret: z.string(),
  sessionSecret: z.string(),
  supabasePublishableKey: z.string(),
  supabaseSecretKey: z.string(),
  stripeSecretKey: z.string(),
  stripeWebhookSecret: z.string(),
  stripeMeterWebhookSecret: z.string(),
  apiKey: z.string(),
})

/** The secrets of one machine's installation, random at its first start. */
export type KeptSecrets = z.infer<typeof kept>

/**
 * Reads the secrets kept in `dir/secrets.json` (0600); what is not among them yet is made and kept.
 * Throws when the file is there and cannot be read.
 */
export async function keptSecrets(dir: string): Promise<KeptSecrets> {
  const file = join(dir, 'secrets.json')
  const text = await readFile(file, 'utf8').catch((error: { code?: unknown }) => {
    if (error.code === 'ENOENT') return null
    throw error
  })
  const before = text === null ? {} : kept.partial().parse(JSON.parse(text))
  const secrets = kept.parse({ ...newSecrets(), ...before })
  if (Object.keys(before).length === Object.keys(secrets).length) return secrets
  // Written aside and renamed: a start that is cut off leaves the old ones or all of the new.
  await writeFile(`${file}.new`, JSON.stringify(secrets), { mode: 0o600 })
  await rename(`${file}.new`, file)
  return secrets
}

function newSecrets(): KeptSecrets {
  const { publishableKey, secretKey } = newSupabaseKeys()
  const word = () => randomBytes(32).toString('base64url')
  return {
    feedToken: word(),
    keyPepper: word(),
    cursorSecret: word(),
    sessionSecret: word(),
    supabasePublishableKey: publishableKey,
    supabaseSecretKey: secretKey,
    stripeSecretKey: makeSecretKey(false),
    stripeWebhookSecret: `whsec_${word()}`,
    stripeMeterWebhookSecret: `whsec_${word()}`,
    apiKey: makeApiKey(randomBytes(128)),
  }
}
