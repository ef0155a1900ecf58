import { z } from 'zod'
import { type RunningWorker, startWorker } from './worker.ts'

const environment = z.object({
  HTTP_PORT: z.coerce.number().int().min(0).max(65_535),
  STATE_DIR: z.string().min(1),
  READER_DATABASE_URL: z.string().min(1),
  ACCOUNT_DATABASE_URL: z.string().min(1),
})
/** What else of the environment the Worker gets, as variables and secrets. */
const bindings = z.object({
  FEED_ENV: z.string(),
  FEED_SHARDS: z.string(),
  FEED_SILENT_MS: z.string().optional(),
  FEED_TOKEN: z.string(),
  FEED_TOKEN_NEXT: z.string().optional(),
  KEY_PEPPER_V1: z.string(),
  CURSOR_SECRET_V1: z.string(),
})

/** The program: runs the Worker, says `ready` or `failed` over IPC, and stops when told to. */
async function main(): Promise<void> {
  let running: RunningWorker | null = null
  let stopping = false
  const stop = async () => {
    if (stopping) return
    stopping = true
    await running?.stop()
    process.exit(0)
  }
  process.on('message', (message) => {
    if ((message as { type?: unknown } | null)?.type === 'stop') void stop()
  })
  process.on('disconnect', () => void stop())
  process.on('SIGTERM', () => void stop())
  process.on('SIGINT', () => void stop())
  try {
    const env = environment.parse(process.env)
    const given = bindings.parse(process.env)
    const url = { PUBLIC_URL: `http://127.0.0.1:${env.HTTP_PORT}` }
    running = await startWorker({
      port: env.HTTP_PORT,
      stateDir: env.STATE_DIR,
      readerUrl: env.READER_DATABASE_URL,
      accountUrl: env.ACCOUNT_DATABASE_URL,
      bindings: { ...url, ...(given as Record<string, string>) },
    })
    process.send?.({ type: 'ready', url: running.url })
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    process.send?.({ type: 'failed', message }, () => process.exit(1))
  }
}

await main()
