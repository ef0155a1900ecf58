import { expect, test } from 'vitest'
import { Ingest } from '#core/ingest'
import { decodeFrame } from '#core/kalshi/decode'
import type { Epoch } from '#core/log'
import { MarketLog } from '#core/market-log'
import { Owners } from '#core/owners'
import type { Ticker } from '#core/ticker'
import { BookCommands } from '../../collector/book-commands.ts'
import type { ExchangeConfig } from '../../collector/exchange-config.ts'
import { must, us } from '../core/arbitraries.ts'

const A = 'KXA-1' as Ticker
const B = 'KXB-1' as Ticker
const at = (ms: number) => us(ms * 1000)
const config: ExchangeConfig = {
  KALSHI_WS_URL: 'ws://127.0.0.1:9',
  KALSHI_KEY_ID: 'nobody',
  privateKey: '',
  CONNECTIONS: 2,
  COMMAND_MARKETS: 200,
  COMMANDS_PER_S: 500,
  HANDSHAKE_MS: 5000,
  PING_EVERY_MS: 10_000,
  PONG_MS: 20_000,
  PROBE_MS: 400,
  SILENCE_MS: 5000,
  RECOVERY_MS: 1000,
  HEALTHY_MS: 60_000,
  PLACEMENT_EVERY_MS: 30_000,
}

/** A connection that is to bring two markets, and has a subscription that brought nothing yet. */
function connection() {
  const owners = new Owners()
  for (const market of [A, B]) {
    owners.aim(owners.follow(market, new MarketLog(7 as Epoch, null)), 0)
  }
  const sent: { cmd: string; action?: string; markets: string[] }[] = []
  const send = (text: string) => {
    const { cmd, params = {} } = JSON.parse(text)
    sent.push({ cmd, action: params.action, markets: params.market_tickers ?? [] })
  }
  const commands = new BookCommands({ number: 0, config, owners, send })
  const ingest = new Ingest(owners, 0, at(0))
  commands.restart()
  commands.pump(null, at(0))
  const hear = (frame: object, ms: number) => {
    const read = decodeFrame(JSON.stringify(frame))
    const { resync } = ingest.frame(read, at(ms))
    commands.answer(read, at(ms))
    if (resync !== null) commands.recover(resync.markets, at(ms))
    commands.pump(1, at(ms))
  }
  hear({ type: 'subscribed', id: 1, msg: { channel: 'orderbook_delta', sid: 1 } }, 1)
  const snapshot = (seq: number, market: Ticker, ms: number, yes: string[][] = []) => {
    const msg = { market_ticker: market, yes_dollars_fp: yes }
    hear({ type: 'orderbook_snapshot', sid: 1, seq, msg }, ms)
  }
  return { owners, commands, sent, snapshot }
}

test('a book that was never shown is added once more before its snapshot is asked for', () => {
  const { commands, sent, snapshot } = connection()
  snapshot(1, B, 2)
  sent.length = 0
  commands.look(at(5000))
  commands.pump(1, at(5000))
  expect(sent).toEqual([
    { cmd: 'update_subscription', action: 'add_markets', markets: [A] },
    { cmd: 'update_subscription', action: 'get_snapshot', markets: [A] },
  ])
})

test('a book that is shown as none can be is asked for with patience, also while another brings it', () => {
  const { owners, sent, snapshot } = connection()
  const followed = must(owners.get(A))
  followed.log.snapshot({ yes: [], no: [] }, at(1))
  const sides = { owned: new Set<never>(), left: new Set<never>() }
  owners.take(followed, { connection: 1, sid: 1, ...sides })
  sent.length = 0
  const twice = [
    ['0.4000', '1.00'],
    ['0.4000', '2.00'],
  ]
  for (let seq = 1; seq <= 20; seq += 1) snapshot(seq, A, 2 + seq, twice)
  expect(sent).toEqual([])
  expect(followed.log.known).toBe(true)
})

test('a book that another connection is to bring is not waited for', () => {
  const { owners, commands, sent, snapshot } = connection()
  snapshot(1, B, 2)
  owners.aim(must(owners.get(A)), 1)
  snapshot(2, A, 3)
  sent.length = 0
  for (const ms of [5000, 10_000, 20_000]) expect(commands.look(at(ms)).kind).toBe('ask')
  commands.pump(1, at(20_000))
  expect(sent).toEqual([])
})
