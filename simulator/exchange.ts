import { createPublicKey, generateKeyPairSync, type KeyObject, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Broadcast } from './broadcast.ts'
import { trueTime } from './clock.ts'
import type { Fault } from './fault-log.ts'
import { Faults } from './faults.ts'
import { Floor } from './floor.ts'
import { Generator } from './generator.ts'
import { SOCKET_PATH } from './handshake.ts'
import { Life } from './life.ts'
import { Lives } from './lives.ts'
import { Load } from './load.ts'
import { Maintenance } from './maintenance.ts'
import { observe, type TrueChange, type TrueTrade } from './observer.ts'
import { complete, type ExchangeOptions } from './options.ts'
import { Pacer } from './pacer.ts'
import { checksumBooks, type PrintedLadder, printBooks } from './printed-books.ts'
import { readRecording } from './recording.ts'
import { Replay } from './replay.ts'
import { REST_PATH, serveRest } from './rest.ts'
import type { RestFailure } from './rest-faults.ts'
import type { Session } from './session.ts'
import { makeVerifier } from './signature.ts'
import { serveSockets } from './sockets.ts'
import { noStats, type Stats } from './stats.ts'

/** The exchange, running on this machine: where it is, its truth, its source and its faults. */
export type Exchange = Pick<Faults, FaultSwitch> & {
  wsUrl: string
  restUrl: string
  keyId: string
  /** empty when the key was given: its owner has it */
  privateKeyPem: string
  stats: Readonly<Stats>
  /** every fault that struck, oldest first */
  faults: readonly Fault[]
  /** the next n REST requests fail; 0 for none any more */
  restFail(n: number, how: RestFailure): void
  /** every REST answer comes so much later from now on; 0 for at once */
  restSlow(ms: number): void
  /** how many levels of books have changed so far, whoever was told */
  changes(): number
  /** how many connections there are */
  connections(): number
  /** every connection: its number, and the markets of its book subscription */
  connectionList(): { connection: number; markets: string[] }[]
  /** every market but combos */
  tickers(): string[]
  books(): Map<string, { yes: PrintedLadder; no: PrintedLadder }>
  /** the CRC-32 of every book, all levels: best first, yes then no, as millionths and hundredths */
  checksums(): Record<string, number>
  /** Calls the listener at every true change of a book, until the returned function is called. */
  onBook(listener: (change: TrueChange) => void): () => void
  /** Calls the listener at every trade, told or not, until the returned function is called. */
  onTrade(listener: (trade: TrueTrade) => void): () => void
  /** what happens to markets besides trading, to be made to happen */
  life: Life
  /** Starts the source, or lets it go on. */
  start(): void
  pause(): void
  /** Does the next book events at once; returns how many. */
  step(count: number): number
  /** Sets how many book events a second there are from now on; a recording has a pace of its own. */
  setRate(perSecond: number): void
  /** When a recording has been played to its end; made-up trading never ends. */
  played(): Promise<void>
  /** Ends everything. */
  close(): Promise<void>
}

const TICK_MS = 5
/** A load's writes are fewer and larger: each costs a system call and a waking at both ends. */
const LOAD_TICK_MS = 10

const FAULT_SWITCHES = [
  'dropNext',
  'dropNextOf',
  'duplicateNext',
  'reorderNext',
  'delayNext',
  'corruptNext',
  'disarm',
  'cut',
  'silence',
  'mute',
  'overflow',
  'channelError',
  'only',
  'lie',
  'refuseHandshakes',
  'deaf',
] as const

type FaultSwitch = (typeof FAULT_SWITCHES)[number]

/**
 * Starts the exchange on 127.0.0.1.
 * @throws MalformedRecording when the recording cannot be played, and what the system says when the
 * file cannot be read or the port is taken
 */
export async function startExchange(options: ExchangeOptions = {}): Promise<Exchange> {
  const wanted = complete(options)
  const now = trueTime
  const floor = new Floor()
  const sessions = new Set<Session>()
  const faults = new Faults(sessions, floor, now)
  const maintenance = new Maintenance(sessions, faults.log, now)
  const life = new Life(floor, now, maintenance, wanted.lateMs)
  const { source, lives } = makeSource(wanted, floor, life, sessions)
  const stats = noStats()
  const key = makeKey(options.key)
  const verify = makeVerifier(key.keyId, key.publicKey, wanted.toleranceMs, now)
  const server = createServer(
    serveRest({
      floor,
      verify,
      allowance: wanted.rest,
      maintenance,
      faults: faults.rest,
      stats,
      now,
    }),
  )
  const onSubscribed = (ticker: string) => source instanceof Replay && source.subscribed(ticker)
  const parts = {
    ...wanted,
    floor,
    faults,
    maintenance,
    sessions,
    verify,
    stats,
    now,
    onSubscribed,
  }
  const endSockets = serveSockets(server, parts)
  floor.listen(new Broadcast(sessions))
  server.listen(wanted.port, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo

  const isOpen = () => maintenance.untilUs === null
  const pacer = new Pacer(source, now, isOpen, wanted.load ? LOAD_TICK_MS : TICK_MS)
  let living: NodeJS.Timeout | undefined
  const start = () => {
    pacer.start()
    if (lives !== null) living ??= setInterval(() => isOpen() && lives.step(), wanted.livesMs)
  }
  const pause = () => {
    pacer.pause()
    clearInterval(living)
    living = undefined
  }
  if (!wanted.paused) start()
  return {
    ...switchesOf(faults),
    wsUrl: `ws://127.0.0.1:${port}${SOCKET_PATH}`,
    restUrl: `http://127.0.0.1:${port}${REST_PATH}`,
    keyId: key.keyId,
    privateKeyPem: key.privateKeyPem,
    stats,
    faults: faults.log,
    restFail: (n, how) => faults.rest.fail(n, how),
    restSlow: (ms) => faults.rest.slow(ms),
    changes: () => floor.changes,
    connections: () => sessions.size,
    connectionList: () =>
      [...sessions].map((session) => ({
        connection: session.line.connection,
        markets: [...(session.on('orderbook_delta')?.tickers ?? [])],
      })),
    tickers: () => floor.tickers(),
    books: () => printBooks(floor),
    checksums: () => checksumBooks(floor),
    onBook: (listener) => floor.observe((change) => listener(observe(change))),
    onTrade: (listener) =>
      floor.listen({
        traded: ({ id, market, block, atUs }) =>
          listener({ id, ticker: market.ticker, block, atUs }),
      }),
    life,
    start,
    pause,
    step: (count) => (isOpen() ? source.step(count) : 0),
    setRate: (perSecond) => {
      if (!(source instanceof Replay)) source.rate = perSecond
    },
    played: () => (source instanceof Replay ? source.played() : new Promise(() => {})),
    async close() {
      pause()
      faults.close()
      endSockets()
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}

function makeSource(
  wanted: ReturnType<typeof complete>,
  floor: Floor,
  life: Life,
  sessions: ReadonlySet<Session>,
): { source: Generator | Load | Replay; lives: Lives | null } {
  if (wanted.replay !== undefined) {
    const recording = readRecording(readFileSync(wanted.replay, 'utf8'))
    return { source: new Replay(floor, trueTime, recording, wanted.speed), lives: null }
  }
  if (wanted.load) return { source: new Load(floor, trueTime, sessions, wanted), lives: null }
  const source = new Generator(floor, trueTime, wanted)
  if (!wanted.lives) return { source, lives: null }
  return { source, lives: new Lives(floor, life, source, wanted.seed, trueTime) }
}

function makeKey(given: ExchangeOptions['key']): {
  keyId: string
  publicKey: KeyObject
  privateKeyPem: string
} {
  if (given !== undefined) {
    const publicKey = createPublicKey(given.publicKeyPem)
    return { keyId: given.keyId, publicKey, privateKeyPem: '' }
  }
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const privateKeyPem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  return { keyId: randomUUID(), publicKey, privateKeyPem }
}

/** The switches as functions of their own. */
function switchesOf(faults: Faults): Pick<Faults, FaultSwitch> {
  const bound = FAULT_SWITCHES.map((name) => [name, faults[name].bind(faults)])
  return Object.fromEntries(bound) as Pick<Faults, FaultSwitch>
}
