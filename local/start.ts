import { createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { readLocalConfig } from './config.ts'
import { USAGE } from './options.ts'
import { type Product, startProduct } from './product.ts'
import { type ShownStatus, statusLine } from './status-line.ts'
import { streamCall } from './stream-call.ts'

const PORT_PATIENCE_MS = 2000
const PORT_LOOK_MS = 100

const read = readLocalConfig(process.argv.slice(2), process.env)
if (!read.ok) {
  process.stderr.write(`KalshiBook cannot start:\n  ${read.problems.join('\n  ')}\n\n${USAGE}\n`)
  process.exit(1)
}
const { config } = read
const say = (event: string, fields: object = {}) => {
  if (config.json) process.stdout.write(`${JSON.stringify({ event, ...fields })}\n`)
}
const tell = (text: string) => {
  if (!config.json) process.stdout.write(text)
}

const abort = new AbortController()
let starting: Promise<Product> | null = null
let stopping = false
async function stop(code: number): Promise<void> {
  if (stopping) return
  stopping = true
  tell('\nStopping …\n')
  abort.abort()
  // A start that is given up stops what it had begun before it fails.
  const running = await starting?.catch(() => null)
  await running?.stop()
  say('stopped')
  process.exit(code)
}
process.on('SIGINT', () => {
  // Asked twice: no more patience. The children end when we are gone.
  if (stopping) process.exit(1)
  void stop(0)
})
process.on('SIGTERM', () => stop(0))
process.on('SIGHUP', () => stop(0))

try {
  await portIsFree(config.port)
  if (!stopping) {
    tell('Starting Postgres, exchange, Worker and collector …\n')
    starting = startProduct(config, {}, abort.signal)
    const product = await starting
    if (!stopping) announce(product)
  }
} catch (error) {
  if (!stopping) {
    process.stderr.write(`KalshiBook cannot start:\n  ${reason(error)}\n`)
    process.exit(1)
  }
}

function announce(product: Product): void {
  const { url, apiKey, supabase, stripe } = product
  const [mailbox, payments] = [supabase?.url ?? null, stripe?.url ?? null]
  say('ready', { url, key: apiKey, mailbox, payments })
  tell(welcome(product))
  showStatus(product)
  void product.ended.then((name) => {
    if (stopping) return
    process.stderr.write(`\n${name} ended by itself: see ${config.dataDir}/log/${name}.log\n`)
    void stop(1)
  })
}

function welcome({ url, apiKey: key, firstTicker: ticker, ...others }: Product): string {
  const curl = (path: string) => `  curl -H 'Authorization: Bearer ${key}' '${url}${path}'\n`
  const book = `/v1/markets/${ticker}/orderbook?depth=3`
  const head = `\nKalshiBook listens on ${url}. Ctrl-C stops it.\n\n  key ${key}\n${outside(others)}\n`
  if (ticker === null) return `${head}${curl('/v1/markets?limit=1')}\n`
  return [
    head,
    curl('/v1/markets?limit=1'),
    curl(book),
    curl(`${book}&at=${new Date().toISOString()}`),
    `\n  ${streamCall(url, key, ticker)}\n\n  ${url}/live/${ticker} shows it in a browser; ${url}/ is the whole site.\n\n`,
  ].join('')
}

/** Where to look for what people would get from others. */
function outside({ supabase, stripe }: Pick<Product, 'supabase' | 'stripe'>): string {
  return [
    supabase === null ? '' : `  mail  ${supabase.url}/ shows what would have been sent\n`,
    stripe === null ? '' : `  money ${stripe.url}/ takes none: a checkout opens there\n`,
  ].join('')
}

/** One line that lives: on a terminal it is rewritten each second; elsewhere it says nothing. */
function showStatus({ collector }: Product): void {
  let before: ShownStatus | null = null
  collector().on((message) => {
    const { status } = message as { status?: ShownStatus }
    if (status === undefined || stopping) return
    if (process.stdout.isTTY) tell(`\r\x1b[2K${statusLine(status, before)}`)
    say('status', { ...status })
    before = status
  })
}

/** Whoever was stopped a moment ago may still be letting go of the port. */
async function portIsFree(port: number): Promise<void> {
  for (let waited = 0; !(await canListen(port)); waited += PORT_LOOK_MS) {
    if (waited >= PORT_PATIENCE_MS) {
      throw new Error(`port ${port} is taken: choose another with --port`)
    }
    await sleep(PORT_LOOK_MS)
  }
}

function canListen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer()
    probe.once('error', () => resolve(false))
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)))
  })
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
