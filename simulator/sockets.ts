import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'
import { type WebSocket, WebSocketServer } from 'ws'
import { answer } from './answer.ts'
import type { Clock } from './clock.ts'
import type { Faults } from './faults.ts'
import type { Floor } from './floor.ts'
import { admit, refuse, refuseInMaintenance } from './handshake.ts'
import { Line } from './line.ts'
import type { Maintenance } from './maintenance.ts'
import { Session, type SessionLimits } from './session.ts'
import type { Verifier } from './signature.ts'
import type { Stats } from './stats.ts'

/** What the websocket side needs of the exchange. */
export type SocketParts = {
  floor: Floor
  faults: Faults
  maintenance: Maintenance
  sessions: Set<Session>
  verify: Verifier
  limits: SessionLimits
  stats: Stats
  now: Clock
  /** between two pings */
  pingMs: number
  deflate: boolean
  maxPayload: number
  onSubscribed: (ticker: string) => void
}

/** Serves websockets on an HTTP server; the returned function ends them all. */
export function serveSockets(server: Server, parts: SocketParts): () => void {
  const { faults, maintenance, sessions, stats } = parts
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: parts.maxPayload,
    // Without a context kept between frames `ws` leaves those below the threshold as they are: a book
    // compresses well, a delta does not, and compressing thousands a second would cost a whole core.
    perMessageDeflate: parts.deflate ? { threshold: 1024, serverNoContextTakeover: true } : false,
    // Pongs are ours to withhold when the connection is to seem dead.
    autoPong: false,
  })
  server.on('upgrade', (request: IncomingMessage, stream: Duplex, head: Buffer) => {
    const refusal = faults.isDeaf ? 'hang' : faults.takeRefusal()
    const closedUntilUs = maintenance.untilUs
    if (refusal === 'hang') {
      stats.refused += 1
      faults.hang(stream)
    } else if (closedUntilUs !== null) {
      stats.refused += 1
      refuseInMaintenance(stream, closedUntilUs)
    } else if (refusal !== undefined) {
      stats.refused += 1
      refuse(stream, refusal)
    } else if (admit(request, stream, parts.verify)) {
      sockets.handleUpgrade(request, stream, head, (ws) => converse(ws, stream, parts))
    } else stats.refused += 1
  })
  return () => {
    for (const session of sessions) session.ws.terminate()
    sockets.close()
  }
}

function converse(ws: WebSocket, stream: Duplex, parts: SocketParts): void {
  const { faults, sessions, stats, floor, limits, now, onSubscribed } = parts
  stats.connections += 1
  const line = new Line(ws, stream, stats.connections, faults.log, now)
  const session = new Session({ ws, line, floor, limits, stats, now, onSubscribed })
  sessions.add(session)
  // Kalshi sends a ping with the payload `heartbeat` every 10 s and answers a client's pings.
  const heart = setInterval(() => line.pings && ws.ping('heartbeat'), parts.pingMs)
  ws.on('ping', (payload) => line.pings && ws.pong(payload))
  ws.on('message', (data, isBinary) => {
    if (faults.isDeaf) return
    if (isBinary) session.sendError(1)
    else answer(session, data.toString())
  })
  ws.on('error', () => ws.terminate())
  ws.on('close', () => {
    clearInterval(heart)
    line.close()
    sessions.delete(session)
  })
}
