import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { UNLIMITED } from '../../local/development-key.ts'
import { freePort } from '../../local/free-port.ts'
import { type Overrides, type Product, startProduct } from '../../local/product.ts'
import type { Exchange } from '../../simulator/exchange.ts'
import { askAgain } from './ask-again.ts'

export type Answer<Body> = {
  readonly status: number
  readonly headers: Headers
  readonly body: Body
}

/** The whole product, as `npm start` runs it, in a folder of its own. */
export type RunningProduct = Product & {
  /** GET with the development key. */
  get<Body = unknown>(path: string): Promise<Answer<Body>>
  /** The same, asked again while it is refused for a moment (503). */
  getAgain<Body = unknown>(path: string): Promise<Answer<Body>>
  /** A socket address of the same API. */
  readonly socketUrl: string
}

/**
 * Starts the product against this exchange.
 * @param outside whether anything stands in for Supabase and Stripe
 */
export async function runProduct(
  exchange: Exchange,
  overrides: Overrides = {},
  outside: 'stand-in' | 'none' = 'none',
): Promise<RunningProduct> {
  const dataDir = await mkdtemp(join(tmpdir(), 'kalshibook-e2e-'))
  await chmod(dataDir, 0o755)
  const env = {
    KALSHI_WS_URL: exchange.wsUrl,
    KALSHI_REST_URL: exchange.restUrl,
    KALSHI_KEY_ID: exchange.keyId,
    KALSHI_PRIVATE_KEY: exchange.privateKeyPem,
  }
  const product = await startProduct(
    {
      port: await freePort(),
      dataDir,
      fresh: false,
      json: true,
      shards: 2,
      databaseUrl: null,
      exchange: { kind: 'given', env },
      supabase: { kind: outside },
      stripe: { kind: outside },
    },
    // Two cores are shared with everything else: the account may take its time.
    { terms: UNLIMITED, ...overrides, worker: { ACCOUNT_MS: '20000', ...overrides.worker } },
  )
  const authorization = `Bearer ${product.apiKey}`
  const ask = (path: string) => fetch(product.url + path, { headers: { authorization } })
  const answerOf = async <Body>(response: Response): Promise<Answer<Body>> => {
    const body = (await response.json()) as Body
    return { status: response.status, headers: response.headers, body }
  }
  return {
    ...product,
    socketUrl: product.url.replace(/^http/, 'ws'),
    get: async <Body>(path: string) => answerOf<Body>(await ask(path)),
    getAgain: async <Body>(path: string) => answerOf<Body>(await askAgain(() => ask(path))),
    stop: async () => {
      await product.stop()
      await rm(dataDir, { recursive: true, force: true })
    },
  }
}
