import { z } from 'zod'
import { startSupabase } from './supabase/server.ts'

const environment = z.object({
  HTTP_PORT: z.coerce.number().int().min(0).max(65_535).default(0),
  /** What is kept between runs. */
  STATE_FILE: z.string().min(1),
  /** Where the links in mails lead. */
  SITE_URL: z.url(),
  SUPABASE_PUBLISHABLE_KEY: z.string().min(16),
  SUPABASE_SECRET_KEY: z.string().min(16),
})

/** The program: runs the stand-in of Supabase Auth, says `ready` or `failed` over IPC, and stops when told to. */
async function main(): Promise<void> {
  const env = environment.parse(process.env)
  const supabase = await startSupabase({
    port: env.HTTP_PORT,
    siteUrl: env.SITE_URL,
    keys: { publishableKey: env.SUPABASE_PUBLISHABLE_KEY, secretKey: env.SUPABASE_SECRET_KEY },
    file: env.STATE_FILE,
    // As those of a project that has an SMTP of its own.
    limits: { mails: 1000, mailEveryMs: 1000 },
  })
  let stopping = false
  const stop = async () => {
    if (stopping) return
    stopping = true
    await supabase.stop()
    process.exit(0)
  }
  process.on('disconnect', () => void stop())
  process.on('SIGTERM', () => void stop())
  process.on('SIGINT', () => {})
  if (process.connected) process.send?.({ type: 'ready', url: supabase.url })
  else await stop()
}

main().catch((error: unknown) => {
  const message = error instanceof Error ? error.message : String(error)
  console.error(message)
  if (process.connected) process.send?.({ type: 'failed', message }, () => process.exit(1))
  else process.exit(1)
})
