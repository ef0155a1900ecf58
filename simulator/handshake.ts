import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { statusBody } from './exchange-bodies.ts'
import type { Verifier } from './signature.ts'

/** Where the websocket is. */
export const SOCKET_PATH = '/trade-api/ws/v2'

/** How a handshake can be refused on purpose. */
export type Refusal = 503 | 401 | 403 | 429 | 'html'

const json = 'application/json'
const unauthorized = (details: string) => JSON.stringify({ code: 'authentication_error', details })

/**
 * Refuses a handshake that is not for the socket, or not truly signed.
 * @returns whether it may go on; when not, it has been answered
 */
export function admit(request: IncomingMessage, stream: Duplex, verify: Verifier): boolean {
  const path = new URL(request.url ?? '/', 'http://localhost').pathname
  if (path !== SOCKET_PATH) {
    answerHandshake(stream, '404 Not Found', json, '{"code":"not_found","message":"not found"}')
    return false
  }
  const verdict = verify(request.headers, request.method ?? 'GET', path)
  if (verdict.ok) return true
  answerHandshake(stream, '401 Unauthorized', json, unauthorized(verdict.details))
  return false
}

const PAGE = '<!doctype html><html><body><h1>502 Bad Gateway</h1></body></html>'

/** What each refusal says: status line, content type, body. */
const REFUSALS: Record<Refusal, readonly [status: string, type: string, body: string]> = {
  503: ['503 Service Unavailable', json, '{"exchange_active":false,"trading_active":false}'],
  401: ['401 Unauthorized', json, unauthorized('NOT_FOUND')],
  403: ['403 Forbidden', json, '{"code":"forbidden","message":"forbidden"}'],
  429: ['429 Too Many Requests', json, '{"error":"too many requests"}'],
  html: ['502 Bad Gateway', 'text/html', PAGE],
}

/** Refuses a handshake as an exchange, or something in front of it, might on a bad day. */
export function refuse(stream: Duplex, how: Refusal): void {
  answerHandshake(stream, ...REFUSALS[how])
}

/** Refuses a handshake in maintenance, with the status of the exchange until then (microseconds). */
export function refuseInMaintenance(stream: Duplex, untilUs: number): void {
  answerHandshake(stream, '503 Service Unavailable', json, JSON.stringify(statusBody(untilUs)))
}

function answerHandshake(stream: Duplex, status: string, type: string, body: string): void {
  const head = [
    `HTTP/1.1 ${status}`,
    `Content-Type: ${type}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
  ]
  stream.on('error', () => stream.destroy())
  stream.end(`${head.join('\r\n')}\r\n\r\n${body}`)
}
