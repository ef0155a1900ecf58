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
import { printLadder } from './frames.ts'
import { Generator } from './generator.ts'
import { SOCKET_PATH } from './handshake.ts'
import { Life } from './life.ts'
import { Lives } from './lives.ts'
import { observe, type TrueChange } from './observer.ts'
import { complete, type ExchangeOptions } from './options.ts'
import { Pacer } from './pacer.ts'
import { readRecording } from './recording.ts'
import { Replay } from './replay.ts'
import { REST_PATH, serveRest } from './rest.ts'
import type { Session } from './session.ts'
import { makeVerifier } from './signature.ts'
import { serveSockets } from './sockets.ts'
import { noStats, type Stats } from './stats.ts'

/** A side's levels in decimal strings, best (highest price) first. */
export type PrintedLadder = [price: string, size: string][]

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
  /** how many connections there are */
  connections(): number
  /** every market but combos */
  tickers(): string[]
  books(): Map<string, { yes: PrintedLadder; no: PrintedLadder }>
  /** Calls the listener at every true change of a book, until the returned function is called. */
  onBook(listener: (change: TrueChange) => void): () => void
  /** what happens to markets besides trading, to be made to happen */
  life: Life
  /** Starts the source, or lets it go on. */
  start(): void
  pause(): void
  /** Does the next book events at once; returns how many. */
  step(count: number): number
  /** When a recording has been played to its end; made-up trading never ends. */
  played(): Promise<void>
  /** Ends everything. */
  close(): Promise<void>
}

type FaultSwitch =
  | 'dropNext'
  | 'duplicateNext'
  | 'delayNext'
  | 'corruptNext'
  | 'cut'
  | 'silence'
  | 'overflow'
  | 'channelError'
  | 'refuseHandshakes'
  | 'deaf'

/**
 * Starts the exchange on 127.0.0.1.
 * @throws MalformedRecording when the recording cannot be played, and what the system says when the
 * file cannot be read or the port is taken
 */
export async function startExchange(options: ExchangeOptions = {}): Promise<Exchange> {
  const wanted = complete(options)
  const now = trueTime
  const floor = new Floor()
  const life = new Life(floor, now)
  const { source, lives } = makeSource(wanted, floor, life)
  const sessions = new Set<Session>()
  const faults = new Faults(sessions, now)
  const stats = noStats()
  const key = makeKey(options.key)
  const verify = makeVerifier(key.keyId, key.publicKey, wanted.toleranceMs, now)
  const server = createServer(serveRest({ floor, verify, allowance: wanted.rest, stats, now }))
  const onSubscribed = (ticker: string) => source instanceof Replay && source.subscribed(ticker)
  const parts = { ...wanted, floor, faults, sessions, verify, stats, now, onSubscribed }
  const endSockets = serveSockets(server, parts)
  floor.listen(new Broadcast(sessions))
  server.listen(wanted.port, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo

  const pacer = new Pacer(source, now)
  let living: NodeJS.Timeout | undefined
  const start = () => {
    pacer.start()
    if (lives !== null) living ??= setInterval(() => lives.step(), wanted.livesMs)
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
    connections: () => sessions.size,
    tickers: () => floor.tickers(),
    books: () => printBooks(floor),
    onBook: (listener) => floor.listen({ changed: (change) => listener(observe(change)) }),
    life,
    start,
    pause,
    step: (count) => source.step(count),
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
): { source: Generator | Replay; lives: Lives | null } {
  if (wanted.replay !== undefined) {
    const recording = readRecording(readFileSync(wanted.replay, 'utf8'))
    return { source: new Replay(floor, trueTime, recording, wanted.speed), lives: null }
  }
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

function printBooks(floor: Floor): Map<string, { yes: PrintedLadder; no: PrintedLadder }> {
  return new Map(
    floor.tickers().map((ticker) => {
      const { book } = floor.market(ticker)
      const yes = printLadder(book.ascending('yes')).reverse()
      return [ticker, { yes, no: printLadder(book.ascending('no')).reverse() }]
    }),
  )
}

function switchesOf(faults: Faults): Pick<Faults, FaultSwitch> {
  return {
    dropNext: faults.dropNext.bind(faults),
    duplicateNext: faults.duplicateNext.bind(faults),
    delayNext: faults.delayNext.bind(faults),
    corruptNext: faults.corruptNext.bind(faults),
    cut: faults.cut.bind(faults),
    silence: faults.silence.bind(faults),
    overflow: faults.overflow.bind(faults),
    channelError: faults.channelError.bind(faults),
    refuseHandshakes: faults.refuseHandshakes.bind(faults),
    deaf: faults.deaf.bind(faults),
  }
}
