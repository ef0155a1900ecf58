import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { parseSelection, type Selection } from '#core/selection'

const duration = (ms: number) => z.coerce.number().int().positive().default(ms)
const count = (n: number) => z.coerce.number().int().positive().default(n)
/** Whole days, or 0 for ever; not fewer than a spool may come back after. */
const days = z.coerce
  .number()
  .int()
  .min(0)
  .max(36_500)
  .refine((n) => n !== 1, { error: 'must be 0 or at least 2' })
  .default(0)
const url = (protocol: RegExp) =>
  z.string().refine((text) => URL.canParse(text) && protocol.test(text), {
    error: `must be an address that begins with ${protocol.source.replace(/\^|\(\?:|\)|\\/g, '')}`,
  })

/** Every variable of the collector; `.env.example` says what each is for. */
export const collectorVariables = z.object({
  KALSHI_WS_URL: url(/^wss?:\/\//),
  KALSHI_REST_URL: url(/^https?:\/\//),
  KALSHI_KEY_ID: z.string().min(1),
  KALSHI_PRIVATE_KEY: z.string().optional(),
  KALSHI_PRIVATE_KEY_FILE: z.string().optional(),
  COLLECTOR_DATABASE_URL: url(/^postgres(?:ql)?:\/\//),
  FEED_URL: url(/^wss?:\/\//),
  FEED_TOKEN: z.string().min(16),
  FEED_SHARDS: z.coerce.number().int().min(1).max(64),
  FEED_ENV: z.string().min(1),
  SPOOL_DIR: z.string().min(1),
  SPOOL_MAX_BYTES: z.coerce.number().int().min(1_000_000).default(4_000_000_000),
  SPOOL_MAX_AGE_S: count(86_400),
  SPOOL_FILE_BYTES: count(16 * 2 ** 20),
  SPOOL_EVERY_MS: duration(10),
  SPOOL_SYNC_MS: duration(100),
  LEASE_MS: duration(6000),
  LEASE_RENEW_MS: duration(2000),
  LEASE_TAKEOVER_MS: duration(8000),
  LEASE_LOOK_MS: duration(250),
  STOP_MS: duration(8000),
  RECORD_BATCH: z.coerce.number().int().min(1).max(10_000).default(5000),
  RECORD_EVERY_MS: duration(40),
  SEAL_MAX_BYTES: count(64 * 2 ** 20),
  SEAL_EVERY_MS: duration(1000),
  PARTITIONS_EVERY_MS: duration(60_000),
  RETAIN_SEGMENT_DAYS: days,
  RETAIN_TRADE_DAYS: days,
  RETAIN_QUOTE_DAYS: days,
  TRADES_MARGIN_MS: duration(5000),
  TRADES_AGAIN_MS: duration(10_000),
  TRUTH_EVERY_MS: duration(180_000),
  TRUTH_SPAN_MS: duration(5000),
  WATERMARK_EVERY_MS: z.coerce.number().int().min(10).max(500).default(200),
  FEED_QUEUE: count(20_000),
  HANDSHAKE_MS: duration(5000),
  PROBE_MS: duration(400),
  SILENCE_MS: duration(5000),
  RECOVERY_MS: duration(1000),
  SELECT: z.string().default('all'),
  RECONCILE_MS: duration(180_000),
  REST_TOKENS_PER_S: z.coerce.number().int().positive().optional(),
  REST_LAG_MS: duration(10_000),
  SETTLE_GRACE_MS: duration(5000),
  METADATA_QUEUE: z.coerce.number().int().min(2000).default(4000),
  CONNECTIONS: z.coerce.number().int().min(1).max(100).default(4),
  COMMAND_MARKETS: z.coerce.number().int().min(1).max(1000).default(200),
  COMMANDS_PER_S: z.coerce.number().int().min(1).max(1000).default(500),
  PING_EVERY_MS: duration(10_000),
  PONG_MS: duration(20_000),
  HEALTHY_MS: duration(60_000),
  PLACEMENT_EVERY_MS: duration(30_000),
  HTTP_PORT: z.coerce.number().int().min(0).max(65_535).optional(),
  HTTP_HOST: z.string().min(1).default('127.0.0.1'),
  ADMIN_TOKEN: z.string().min(16).optional(),
  HEALTH_SILENT_MS: duration(30_000),
  HEALTH_OPENING_MS: duration(300_000),
  HEALTH_LAG_MS: duration(600_000),
  LOG_LEVEL: z.enum(['info', 'warn', 'error', 'silent']).default('info'),
})

type Variables = z.infer<typeof collectorVariables>

export type CollectorConfig = Omit<
  Variables,
  'KALSHI_PRIVATE_KEY' | 'KALSHI_PRIVATE_KEY_FILE' | 'SELECT'
> & {
  readonly privateKey: string
  readonly SELECT: Selection
}

/**
 * Reads the collector's configuration.
 * @param env the process's environment
 * @returns the configuration, or every problem, one a line
 */
export function readCollectorConfig(
  env: Record<string, string | undefined>,
): { ok: true; config: CollectorConfig } | { ok: false; problems: string[] } {
  const filled = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''))
  const parsed = collectorVariables.safeParse(filled)
  const problems = parsed.success
    ? []
    : parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`)
  if (parsed.success) problems.push(...leaseProblems(parsed.data))
  const privateKey = readPrivateKey(filled, problems)
  const select = parseSelection(parsed.success ? parsed.data.SELECT : 'all')
  if (!select.ok) problems.push(`SELECT: ${select.problem}`)
  if (!parsed.success || privateKey === null || !select.ok || problems.length > 0) {
    return { ok: false, problems }
  }
  const { KALSHI_PRIVATE_KEY, KALSHI_PRIVATE_KEY_FILE, ...rest } = parsed.data
  return { ok: true, config: { ...rest, privateKey, SELECT: select.selection } }
}

/** A holder that renews in time must never look dead to a standby. */
function leaseProblems({ LEASE_MS, LEASE_RENEW_MS, LEASE_TAKEOVER_MS }: Variables): string[] {
  const problems = []
  if (LEASE_MS < 2 * LEASE_RENEW_MS) problems.push('LEASE_MS: less than two renewals')
  if (LEASE_TAKEOVER_MS <= LEASE_MS) problems.push('LEASE_TAKEOVER_MS: not longer than LEASE_MS')
  return problems
}

function readPrivateKey(env: Record<string, unknown>, problems: string[]): string | null {
  const { KALSHI_PRIVATE_KEY: text, KALSHI_PRIVATE_KEY_FILE: file } = env
  if (typeof text === 'string' && typeof file === 'string') {
    problems.push('KALSHI_PRIVATE_KEY and KALSHI_PRIVATE_KEY_FILE: set one of them, not both')
    return null
  }
  // A key pasted into one line has its line ends written as \n.
  if (typeof text === 'string') return checkPem(text.replaceAll('\\n', '\n'), problems)
  if (typeof file !== 'string') {
    problems.push('KALSHI_PRIVATE_KEY or KALSHI_PRIVATE_KEY_FILE: one of them must be set')
    return null
  }
  try {
    return checkPem(readFileSync(file, 'utf8'), problems)
  } catch {
    problems.push('KALSHI_PRIVATE_KEY_FILE: the file cannot be read')
    return null
  }
}

function checkPem(text: string, problems: string[]): string | null {
  if (text.includes('PRIVATE KEY-----')) return text
  problems.push('KALSHI_PRIVATE_KEY: must be a private key in PEM')
  return null
}
