import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Clock } from './clock.ts'
import { statusBody } from './exchange-bodies.ts'
import type { Floor } from './floor.ts'
import type { Maintenance } from './maintenance.ts'
import type { RestFailure, RestFaults } from './rest-faults.ts'
import { type Answer, notFound, ROUTES } from './routes.ts'
import { isSigned, type Verifier } from './signature.ts'
import type { Stats } from './stats.ts'
import { type Allowance, TokenBucket } from './token-bucket.ts'

/** Where the REST API is. */
export const REST_PATH = '/trade-api/v2'

/** What each request costs; the exchange's default. */
const COST = 10

/** What the REST side needs of the exchange. */
export type RestParts = {
  floor: Floor
  verify: Verifier
  /** tokens of all requests together, ten a request; null for no limit */
  allowance: Allowance | null
  maintenance: Maintenance
  faults: RestFaults
  stats: Stats
  now: Clock
}

/** Makes the listener that answers REST requests on an HTTP server. */
export function serveRest(
  parts: RestParts,
): (request: IncomingMessage, response: ServerResponse) => void {
  const bucket = parts.allowance === null ? null : new TokenBucket(parts.allowance, parts.now)
  return (request, response) => {
    parts.stats.rest += 1
    request.resume()
    const url = new URL(request.url ?? '/', 'http://localhost')
    if (url.pathname.length > 1 && url.pathname.endsWith('/')) {
      response.writeHead(301, { location: `${url.pathname.slice(0, -1)}${url.search}` }).end()
      return
    }
    const failure = parts.faults.take()
    if (failure === 'cut') {
      request.socket.destroy()
      return
    }
    const reply = failure === undefined ? answer(request, url, parts, bucket) : failed(failure)
    const { delayMs } = parts.faults
    if (delayMs === 0) send(response, reply)
    else setTimeout(() => send(response, reply), delayMs).unref()
  }
}

function send(response: ServerResponse, { status, body }: Answer): void {
  const page = typeof body === 'string'
  const text = page ? body : JSON.stringify(body)
  response.writeHead(status, {
    'content-type': page ? 'text/html' : 'application/json',
    'content-length': Buffer.byteLength(text),
  })
  response.end(text)
}

function failed(how: Exclude<RestFailure, 'cut'>): Answer {
  switch (how) {
    case 429:
      return TOO_MANY
    case 500:
      return { status: 500, body: { code: 'internal_server_error', message: 'internal error' } }
    case 503:
      return { status: 503, body: { code: 'service_unavailable', message: 'unavailable' } }
    case 'html':
      return { status: 502, body: '<!doctype html><html><body>502 Bad Gateway</body></html>' }
  }
}

const TOO_MANY: Answer = { status: 429, body: { error: 'too many requests' } }

function answer(
  request: IncomingMessage,
  url: URL,
  { floor, verify, allowance, maintenance, now }: RestParts,
  bucket: TokenBucket | null,
): Answer {
  if (!url.pathname.startsWith(`${REST_PATH}/`)) return notFound()
  const closedUntilUs = maintenance.untilUs
  if (closedUntilUs !== null) return { status: 503, body: statusBody(closedUntilUs) }
  if (request.method !== 'GET') {
    return { status: 405, body: { code: 'method_not_allowed', message: 'method not allowed' } }
  }
  const path = url.pathname.slice(REST_PATH.length)
  const found = ROUTES.find((each) => each.path.test(path))
  if (isSigned(request.headers) || found?.signed === true) {
    const verdict = verify(request.headers, request.method, url.pathname)
    if (!verdict.ok) {
      return { status: 401, body: { code: 'authentication_error', details: verdict.details } }
    }
  }
  if (bucket?.take(COST) === false) return TOO_MANY
  const name = nameIn(found?.path.exec(path)?.[1])
  return found === undefined || name === null
    ? notFound()
    : found.route({ floor, allowance, now }, url.searchParams, name)
}

/** The name in a path without its percent signs; null when they are wrong. */
function nameIn(segment: string | undefined): string | null {
  try {
    return decodeURIComponent(segment ?? '')
  } catch {
    return null
  }
}
