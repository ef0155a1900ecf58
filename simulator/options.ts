import type { SessionLimits } from './session.ts'
import type { Allowance } from './token-bucket.ts'

/** How the exchange is to be; everything has a default. */
export type ExchangeOptions = {
  /** 0, the default: any free port */
  port?: number
  seed?: number
  markets?: number
  /** book events a second over all markets */
  rate?: number
  /** 0: all markets alike; 1, the default: the k-th busiest gets 1/k of what the busiest gets */
  skew?: number
  /** combos that are listed besides */
  combos?: number
  /** how many of the markets are scalar (0) */
  scalars?: number
  /** how long REST does not know a market that was just created (0) */
  lateMs?: number
  /** markets are created, open, pause, close and settle: one such step every `livesMs` (250) */
  lives?: boolean
  livesMs?: number
  /** a load that costs this process little: books of one-cent grids, many frames in one write (false) */
  load?: boolean
  /** of a load: levels of a market, both sides together (40), and trades a second (0) */
  levels?: number
  trades?: number
  /** the file of a recording, which is played instead of making trading up */
  replay?: string
  /** how many times as fast as it was recorded */
  speed?: number
  /** the source waits for `start()` */
  paused?: boolean
  /** an API key that exists already; without it one is made */
  key?: { keyId: string; publicKeyPem: string }
  /** how far a signature's time may be from now */
  toleranceMs?: number
  /** REST tokens, ten a request, for all clients together; null for no limit */
  rest?: Allowance | null
  limits?: Partial<SessionLimits>
  /** between two pings */
  pingMs?: number
  deflate?: boolean
  /** the longest frame that a client may send, in bytes */
  maxPayload?: number
}

/** Fills in what was left out: an exchange much like the real one, with 200 markets. */
export function complete(options: ExchangeOptions) {
  return {
    port: 0,
    seed: 1,
    markets: 200,
    rate: 200,
    skew: 1,
    combos: 0,
    scalars: 0,
    lateMs: 0,
    lives: false,
    livesMs: 250,
    load: false,
    levels: 40,
    trades: 0,
    speed: 1,
    paused: false,
    toleranceMs: 10_000,
    rest: { perSecond: 1200, capacity: 3600 },
    pingMs: 10_000,
    // A load writes its frames past the compressor.
    deflate: options.load !== true,
    maxPayload: 64 * 2 ** 20,
    ...options,
    limits: {
      marketsPerSubscription: 500_000,
      commands: { perSecond: 10_000, capacity: 10_000 },
      // The first books of very many markets are one burst.
      bufferBytes: (options.load === true ? 512 : 32) * 2 ** 20,
      ...options.limits,
    },
  }
}
