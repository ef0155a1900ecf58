import { randomBytes } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { makeApiKey } from '#core/api-key'

const kept = z.object({
  feedToken: z.string(),
  keyPepper: z.string(),
  cursorSecret: z.string(),
  apiKey: z.string(),
})

/** The secrets of one machine's installation, random at its first start. */
export type KeptSecrets = z.infer<typeof kept>

/**
 * Reads the secrets kept in `dir/secrets.json` (0600), or makes them.
 * Throws when the file is there and cannot be read.
 */
export async function keptSecrets(dir: string): Promise<KeptSecrets> {
  const file = join(dir, 'secrets.json')
  const text = await readFile(file, 'utf8').catch((error: { code?: unknown }) => {
    if (error.code === 'ENOENT') return null
    throw error
  })
  if (text !== null) return kept.parse(JSON.parse(text))
  const word = () => randomBytes(32).toString('base64url')
  const secrets = {
    feedToken: word(),
    keyPepper: word(),
    cursorSecret: word(),
    apiKey: makeApiKey(randomBytes(128)),
  }
  await writeFile(file, JSON.stringify(secrets), { mode: 0o600, flag: 'wx' })
  return secrets
}
