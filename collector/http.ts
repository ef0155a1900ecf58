import { createHash, timingSafeEqual } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Health } from './health.ts'

export type HttpOptions = {
  /** 0 is any free one. */
  readonly port: number
  readonly host: string
  /** Opens metrics and the details of health; null leaves them closed. */
  readonly adminToken: string | null
  readonly health: () => Health
  readonly metrics: () => Promise<{ readonly type: string; readonly text: string }>
}

export type RunningHttp = { readonly port: number; readonly close: () => Promise<void> }

type Answer = { readonly status: number; readonly type: string; readonly text: string }

const CONNECTIONS = 64
const REQUEST_MS = 5000

/**
 * Serves `/healthz` to everybody, and its details and `/metrics` to whoever knows the admin token. Throws when the port is
 * taken.
 */
export async function startHttp(options: HttpOptions): Promise<RunningHttp> {
  const server = createServer((request, response) => {
    // Nothing that is asked here has a body.
    request.resume()
    void answer(request, options).then(({ status, type, text }) => {
      const head = request.method === 'HEAD'
      response.writeHead(status, {
        'content-type': type,
        'content-length': Buffer.byteLength(text),
        'cache-control': 'no-store',
      })
      response.end(head ? '' : text)
    })
  })
  server.maxConnections = CONNECTIONS
  server.requestTimeout = REQUEST_MS
  server.headersTimeout = REQUEST_MS
  server.on('clientError', (_error, socket) => socket.destroy())
  server.listen(options.port, options.host)
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    port,
    close: async () => {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}

async function answer(request: IncomingMessage, options: HttpOptions): Promise<Answer> {
  if (request.method !== 'GET' && request.method !== 'HEAD') return json(405, { error: 'GET only' })
  const path = (request.url ?? '').split('?')[0]
  const admin = isAdmin(request.headers.authorization, options.adminToken)
  if (path === '/healthz') return healthAnswer(options.health(), admin)
  if (path !== '/metrics' || options.adminToken === null) return json(404, { error: 'not found' })
  if (!admin) return json(401, { error: 'unauthorized' })
  try {
    return { status: 200, ...(await options.metrics()) }
  } catch {
    return json(500, { error: 'internal' })
  }
}

function healthAnswer({ state, lease, reasons, status }: Health, admin: boolean): Answer {
  const word = reasons.length === 0 ? 'healthy' : 'unhealthy'
  const code = reasons.length === 0 ? 200 : 503
  return json(
    code,
    admin ? { status: word, state, lease, reasons, collector: status } : { status: word },
  )
}

/** Compares digests, which are of one length and tell nothing of how far the texts agree. */
function isAdmin(header: string | undefined, token: string | null): boolean {
  if (token === null || header === undefined) return false
  return timingSafeEqual(digest(header), digest(`Bearer ${token}`))
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}

function json(status: number, body: object): Answer {
  return { status, type: 'application/json', text: `${JSON.stringify(body)}\n` }
}
