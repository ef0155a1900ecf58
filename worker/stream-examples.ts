import type { z } from 'zod'
import type { StreamMessageName, streamMessages } from '#core/wire/stream'
import type { marketStreamCommands, streamCommands } from '#core/wire/stream-command'

type Examples = {
  readonly [Name in StreamMessageName]: z.infer<(typeof streamMessages)[Name]>
}
type Asked<Commands extends Record<string, z.ZodType>> = {
  readonly [Op in keyof Commands]: z.input<Commands[Op]>
}

const MARKET = 'KXBTCD-26NOV2217-T95000'
const SEQ = 33547989549081
const AT = 1795345898231877
const NO_LEVELS: [string, string][] = [['0.5700', '850.00']]

/** One connection's worth of messages, in an order in which they may come: their checksums are those of their books. */
export const STREAM_EXAMPLES: Examples = {
  welcome: {
    type: 'welcome',
    plan: 'pro',
    limits: { connections: 10, markets: 5000 },
    server_us: AT - 500_000,
  },
  subscribed: {
    type: 'subscribed',
    id: 1,
    sub: 1,
    accepted: 1,
    rejected: [{ market: 'KXBTCD-26NOV2217-T1', code: 'not_found' }],
  },
  image: {
    type: 'snapshot',
    market: MARKET,
    seq: SEQ,
    image: true,
    reason: 'initial',
    yes: [
      ['0.4200', '1200.00'],
      ['0.4100', '500.00'],
    ],
    no: NO_LEVELS,
    checksum: 4082873864,
    full_checksum: 4082873864,
    market_status: 'active',
    recv_us: AT - 700_000,
  },
  ready: { type: 'ready', sub: 1 },
  deltas: {
    type: 'deltas',
    market: MARKET,
    seq: [SEQ + 1, SEQ + 2],
    d: [
      ['yes', '0.4200', '-300.00', '900.00', AT - 18_877, AT],
      ['no', '0.5600', '12.50', '12.50', AT - 18_877, AT],
    ],
    checksum: 381226413,
    sent_us: AT + 4000,
  },
  levels: {
    type: 'deltas',
    market: MARKET,
    seq: [SEQ + 1, SEQ + 2],
    d: [['yes', '0.4200', null, '900.00', AT - 18_877, AT]],
    checksum: 381226413,
    sent_us: AT + 250_000,
  },
  trade: {
    type: 'trade',
    trade_id: '0b7f1c52-5f0e-4c53-9f0e-2d1c9a6f4e10',
    market: MARKET,
    price: '0.4200',
    size: '300.00',
    taker: 'no',
    block: false,
    event_us: AT - 18_877,
    recv_us: AT + 300,
    source: 'stream',
  },
  bbo: {
    type: 'bbo',
    market: MARKET,
    seq: SEQ + 1,
    known: true,
    bid: ['0.4200', '900.00'],
    ask: ['0.4300', '850.00'],
    event_us: AT - 18_877,
    recv_us: AT,
  },
  gap: {
    type: 'gap',
    market: MARKET,
    seq: SEQ + 3,
    cause: 'sequence',
    from_us: AT,
    to_us: null,
    prev_seq: SEQ + 2,
    event_us: null,
    recv_us: AT + 900_000,
  },
  tradeGap: { type: 'gap', channel: 'trade', from_us: AT, to_us: AT + 1_100_000 },
  snapshot: {
    type: 'snapshot',
    market: MARKET,
    seq: SEQ + 4,
    image: false,
    reason: 'gap',
    yes: [
      ['0.4200', '900.00'],
      ['0.4100', '500.00'],
    ],
    no: NO_LEVELS,
    checksum: 1350814682,
    full_checksum: 1350814682,
    event_us: null,
    recv_us: AT + 1_100_000,
  },
  heartbeat: {
    type: 'heartbeat',
    feed: 'healthy',
    upstream_age_ms: 120,
    books: { [MARKET]: SEQ + 4 },
  },
  joined: { type: 'joined', sub: 1, markets: ['KXBTCD-26NOV2217-T96000'] },
  warning: { type: 'warning', code: 'slow_consumer', lag_ms: 2200 },
  status: {
    type: 'status',
    market: MARKET,
    market_status: 'determined',
    result: 'yes',
    settlement_value: '1.0000',
    event_us: AT + 60_000_000,
    recv_us: AT + 60_020_000,
  },
  end: {
    type: 'end',
    market: MARKET,
    seq: SEQ + 5,
    reason: 'settled',
    event_us: AT + 90_000_000,
    recv_us: AT + 90_020_000,
  },
  left: { type: 'left', sub: 1, markets: [MARKET] },
  unsubscribed: { type: 'unsubscribed', sub: 1 },
  pong: { type: 'pong' },
  error: {
    type: 'error',
    code: 'resume_ahead',
    message: `resume: ${MARKET} has not come to seq ${SEQ + 9}`,
    market: MARKET,
  },
}

/** What a customer may say on `/v1/stream`. */
export const COMMAND_EXAMPLES: Asked<typeof streamCommands> = {
  subscribe: {
    op: 'subscribe',
    id: 1,
    channels: ['book', 'trade'],
    markets: [MARKET],
    series: ['KXFEDDECISION'],
    depth: 10,
    conflate_ms: 250,
    resume: { [MARKET]: SEQ },
  },
  unsubscribe: { op: 'unsubscribe', sub: 1 },
  resync: { op: 'resync', market: MARKET },
  ping: { op: 'ping' },
}

/** What a customer may say on the stream of a single market. */
export const MARKET_COMMAND_EXAMPLES: Asked<typeof marketStreamCommands> = {
  subscribe: { op: 'subscribe', id: 1, channels: ['book'], resume: { [MARKET]: SEQ } },
  unsubscribe: { op: 'unsubscribe', sub: 1 },
  resync: { op: 'resync' },
  ping: { op: 'ping' },
}
