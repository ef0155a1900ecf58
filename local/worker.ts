import { execFile } from 'node:child_process'
import { mkdir, readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { convertV4MiniflareOptions, Log, LogLevel, Miniflare } from 'miniflare'
import { unstable_getMiniflareWorkerOptions, unstable_readConfig } from 'wrangler'
import { guardChildren } from './worker-guard.ts'
import { runOnce, runSchedule } from './worker-schedule.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const NAME = 'kalshibook'
const HOST = '127.0.0.1'
const CONFIG = join(ROOT, 'wrangler.toml')
const ENTRY = 'worker/main.ts'

/** How the Worker runs on this machine. */
export type WorkerOptions = {
  /** 0 for any free one. */
  readonly port: number
  /** Where the objects' storage and the bundle are kept. */
  readonly stateDir: string
  /** Postgres as kb_reader and as kb_account. */
  readonly readerUrl: string
  readonly accountUrl: string
  /** Where the Worker's code begins; `worker/main.ts` when absent. */
  readonly entry?: string | undefined
  /** Whether its schedule runs each minute; not when absent. */
  readonly scheduled?: boolean
  /** Variables and secrets, over those of wrangler.toml. */
  readonly bindings: Readonly<Record<string, string>>
}

/** What becomes of the hibernating sockets of an object that is evicted. */
export type EvictedSockets = 'hibernate' | 'close'

export type RunningWorker = {
  /** `http://127.0.0.1:port`. */
  readonly url: string
  /** Takes an object out of memory, once it has nothing under way. Throws when there is no such class. */
  evict(className: string, name: string, sockets: EvictedSockets): Promise<void>
  /** Ends workerd without a word to anybody and runs it anew over the same storage, as a deploy does. */
  restart(): Promise<void>
  /** Runs what is due in the minute of `atMs` (since 1970) now. */
  runDue(atMs: number): Promise<void>
  stop(): Promise<void>
}

/**
 * Bundles the Worker with wrangler and runs it in workerd, listening on 127.0.0.1 alone.
 * @param signal gives up the start as long as it is bundled
 * Throws when it cannot be bundled, when the port is taken, and when the signal comes.
 */
export async function startWorker(
  options: WorkerOptions,
  signal: AbortSignal = new AbortController().signal,
): Promise<RunningWorker> {
  const { port, stateDir, readerUrl, accountUrl, bindings } = options
  const script = await bundle(options.entry ?? ENTRY, join(stateDir, 'bundle'), signal)
  const databases: Record<string, string> = {
    HYPERDRIVE_READER: readerUrl,
    HYPERDRIVE_METADATA: readerUrl,
    HYPERDRIVE_ACCOUNT: accountUrl,
  }
  const config = unstable_readConfig({ config: CONFIG })
  const hyperdrive = config.hyperdrive.map((each: { readonly binding: string }) => {
    const localConnectionString = databases[each.binding]
    return localConnectionString === undefined ? each : { ...each, localConnectionString }
  })
  const { workerOptions } = unstable_getMiniflareWorkerOptions({ ...config, hyperdrive })
  const { modulesRules: _, ...worker } = workerOptions
  const whole = convertV4MiniflareOptions({
    host: HOST,
    cf: false,
    log: new Log(LogLevel.ERROR),
    resourcePersistencePath: join(stateDir, 'objects'),
    workers: [
      {
        ...worker,
        name: NAME,
        // Said once more: wrangler prefers an address that it finds in the environment.
        hyperdrives: databases,
        // Straight to the Worker: the entry in between doubles the tail of live latency.
        unsafeDirectSockets: [{ host: HOST, port }],
        modules: [{ type: 'ESModule', path: 'main.js', contents: script }],
        bindings: { ...(worker['bindings'] as object), ...bindings },
      },
    ],
  })
  const start = () => run(whole, port, options.scheduled ?? false)
  let running = await start()
  return {
    url: running.url,
    evict: (className, name, webSockets) =>
      running.miniflare.unsafeEvictDurableObject(NAME, className, { name, webSockets }),
    restart: async () => {
      await running.stop()
      running = await start()
    },
    runDue: async (atMs) => {
      await runOnce(running.miniflare, NAME, atMs)
    },
    stop: () => running.stop(),
  }
}

/** Runs workerd until it is stopped. Throws when the port is taken. */
async function run(
  options: ConstructorParameters<typeof Miniflare>[0],
  port: number,
  scheduled: boolean,
) {
  const miniflare = new Miniflare(options)
  try {
    await miniflare.ready
    const { origin } = await miniflare.unsafeGetDirectURL(NAME)
    const letGo = await guardChildren()
    const schedule = scheduled ? runSchedule(miniflare, NAME) : null
    const stop = async () => {
      schedule?.stop()
      await miniflare.dispose()
      letGo()
    }
    return { miniflare, url: origin, stop }
  } catch (error) {
    await miniflare.dispose().catch(() => {})
    const taken = (error as { code?: unknown }).code === 'ERR_ADDRESS_IN_USE'
    throw taken ? new Error(`port ${port} is taken`, { cause: error }) : error
  }
}

/** The Worker's code as it is deployed. */
async function bundle(entry: string, dir: string, signal: AbortSignal): Promise<string> {
  await mkdir(dir, { recursive: true })
  const wrangler = join(
    dirname(createRequire(import.meta.url).resolve('wrangler/package.json')),
    'bin/wrangler.js',
  )
  const args = [wrangler, 'deploy', entry, '--dry-run', '--config', CONFIG, '--outdir', dir]
  await promisify(execFile)(process.execPath, args, {
    cwd: ROOT,
    signal,
    env: { ...process.env, WRANGLER_SEND_METRICS: 'false', WRANGLER_HIDE_BANNER: 'true', CI: '1' },
  })
  return readFile(join(dir, `${basename(entry, '.ts')}.js`), 'utf8')
}
