import { readFileSync } from 'node:fs'
import { z } from 'zod'

const duration = (ms: number) => z.coerce.number().int().positive().default(ms)
const count = (n: number) => z.coerce.number().int().positive().default(n)
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
  RECORD_QUEUE: count(100_000),
  RECORD_BATCH: z.coerce.number().int().min(1).max(10_000).default(5000),
  RECORD_EVERY_MS: duration(40),
  WATERMARK_EVERY_MS: z.coerce.number().int().min(10).max(500).default(200),
  FEED_QUEUE: count(20_000),
  HANDSHAKE_MS: duration(5000),
  PROBE_MS: duration(400),
  SILENCE_MS: duration(5000),
  RECOVERY_MS: duration(1000),
})

export type CollectorConfig = Omit<
  z.infer<typeof collectorVariables>,
  'KALSHI_PRIVATE_KEY' | 'KALSHI_PRIVATE_KEY_FILE'
> & { readonly privateKey: string }

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
  const privateKey = readPrivateKey(filled, problems)
  if (!parsed.success || privateKey === null) return { ok: false, problems }
  const { KALSHI_PRIVATE_KEY: _key, KALSHI_PRIVATE_KEY_FILE: _file, ...rest } = parsed.data
  return { ok: true, config: { ...rest, privateKey } }
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
