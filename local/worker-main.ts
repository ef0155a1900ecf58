import { z } from 'zod'
import { type RunningWorker, startWorker } from './worker.ts'

const environment = z.object({
  HTTP_PORT: z.coerce.number().int().min(0).max(65_535),
  STATE_DIR: z.string().min(1),
  READER_DATABASE_URL: z.string().min(1),
  ACCOUNT_DATABASE_URL: z.string().min(1),
  /** Another beginning of the Worker's code, and leave to hurt it; tests alone give it. */
  FRAGILE_WORKER: z.string().min(1).optional(),
})
/** What else of the environment the Worker gets, as variables and secrets. */
const bindings = z.object({
  FEED_ENV: z.string(),
  FEED_SHARDS: z.string(),
  FEED_SILENT_MS: z.string().optional(),
  FEED_HEARTBEAT_MS: z.string().optional(),
  FREE_WATCHES: z.string().optional(),
  GATEWAY_HEARTBEAT_MS: z.string().optional(),
  GATEWAY_LINGER_MS: z.string().optional(),
  FEED_TOKEN: z.string(),
  FEED_TOKEN_NEXT: z.string().optional(),
  KEY_PEPPER_V1: z.string(),
  CURSOR_SECRET_V1: z.string(),
  SESSION_SECRET_V1: z.string(),
  SHOWCASE: z.string().optional(),
  NEW_ACCOUNTS_A_DAY: z.string().optional(),
  MAIL_ANSWER_MS: z.string().optional(),
  ACCOUNT_MS: z.string().optional(),
  STREAM_LEASE_MS: z.string().optional(),
  STREAM_RENEW_MS: z.string().optional(),
  SUPABASE_URL: z.string().optional(),
  SUPABASE_PUBLISHABLE_KEY: z.string().optional(),
  SUPABASE_SECRET_KEY: z.string().optional(),
  STRIPE_SECRET_KEY: z.string().optional(),
  STRIPE_WEBHOOK_SECRET: z.string().optional(),
  STRIPE_METER_WEBHOOK_SECRET: z.string().optional(),
  STRIPE_API_URL: z.string().optional(),
})

/** What whoever started us may ask for, without waiting for the clock; the answer has the same type. */
const schedule = z.object({ type: z.templateLiteral(['schedule ', z.number()]), atMs: z.number() })

/** How whoever started us may hurt it. */
const hurt = z.union([
  z.object({
    /** It comes back with the answer, so that each of several at once finds its own. */
    type: z.templateLiteral(['evict ', z.number()]),
    className: z.string(),
    name: z.string(),
    sockets: z.enum(['hibernate', 'close']),
  }),
  z.object({ type: z.literal('restart') }),
])

/** The program: runs the Worker, says `ready` or `failed` over IPC, and stops when told to. */
async function main(): Promise<void> {
  const abort = new AbortController()
  const starting = start(abort.signal)
  let stopping = false
  const stop = async () => {
    if (stopping) return
    stopping = true
    abort.abort()
    // What is being started is waited for: nothing of it may be left running.
    const running = await starting.catch(() => null)
    await running?.stop()
    process.exit(0)
  }
  process.on('message', (message) => {
    if ((message as { type?: unknown } | null)?.type === 'stop') void stop()
    const wish = hurt.safeParse(message)
    if (wish.success) void starting.then((running) => harm(running, wish.data)).then(answer)
    const due = schedule.safeParse(message)
    if (due.success) void starting.then((running) => runDue(running, due.data)).then(answer)
  })
  process.on('disconnect', () => void stop())
  process.on('SIGTERM', () => void stop())
  process.on('SIGINT', () => void stop())
  try {
    const { url } = await starting
    if (process.connected) process.send?.({ type: 'ready', url })
  } catch (error) {
    if (stopping) return
    if (!process.connected) process.exit(1)
    process.send?.({ type: 'failed', message: messageOf(error) }, () => process.exit(1))
  }
}

/** Does it where that is allowed; says what went wrong, null for nothing. */
async function harm(running: RunningWorker, wish: z.infer<typeof hurt>) {
  const { type } = wish
  const { FRAGILE_WORKER: fragile } = environment.parse(process.env)
  if (fragile === undefined) return { type, problem: 'this Worker is not to be hurt' }
  try {
    if (wish.type === 'restart') await running.restart()
    else await running.evict(wish.className, wish.name, wish.sockets)
    return { type, problem: null }
  } catch (error) {
    return { type, problem: messageOf(error) }
  }
}

/** Runs what is due in a minute; says what went wrong, null for nothing. */
async function runDue(running: RunningWorker, { type, atMs }: z.infer<typeof schedule>) {
  try {
    await running.runDue(atMs)
    return { type, problem: null }
  } catch (error) {
    return { type, problem: messageOf(error) }
  }
}

function answer(word: object): void {
  if (process.connected) process.send?.(word)
}

async function start(signal: AbortSignal): Promise<RunningWorker> {
  const env = environment.parse(process.env)
  const given = bindings.parse(process.env)
  const options = {
    port: env.HTTP_PORT,
    stateDir: env.STATE_DIR,
    readerUrl: env.READER_DATABASE_URL,
    accountUrl: env.ACCOUNT_DATABASE_URL,
    entry: env.FRAGILE_WORKER,
    scheduled: true,
    bindings: {
      PUBLIC_URL: `http://127.0.0.1:${env.HTTP_PORT}`,
      ...(given as Record<string, string>),
    },
  }
  return startWorker(options, signal)
}

function messageOf(error: unknown): string {
  if (error instanceof z.ZodError) return z.prettifyError(error)
  return error instanceof Error ? error.message : String(error)
}

await main()
