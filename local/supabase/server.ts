import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { AuthAnswer } from './auth-fault.ts'
import { readState, writeState } from './auth-state.ts'
import { CALLS } from './calls.ts'
import { type Control, controlled } from './control.ts'
import type { Desk } from './desk.ts'
import { admitted, type Keys } from './gateway.ts'
import { type AuthLimits, Buckets, PROJECT_LIMITS } from './limits.ts'
import { mailboxPage } from './mailbox-page.ts'
import { openSigning } from './signing.ts'

/** How a stand-in of Supabase Auth is run. */
export type SupabaseOptions = {
  /** 0: any free one. */
  readonly port?: number
  /** Where the links in mails lead: the address of our own pages. */
  readonly siteUrl: string
  readonly keys?: Keys
  /** Where what it knows is kept; null: nowhere. */
  readonly file?: string | null
  readonly limits?: Partial<AuthLimits>
}

/** A stand-in of Supabase Auth that runs. */
export type RunningSupabase = Keys & {
  readonly url: string
  stop(): Promise<void>
}

const VERSION = '2024-01-01'
const MOST_BYTES = 1_000_000

/** Random keys of a project. */
export function newSupabaseKeys(): Keys {
  const word = () => randomBytes(24).toString('base64url')
  return { publishableKey: `sb_publishable_${word()}`, secretKey: `sb_secret_${word()}` }
}

/**
 * Runs a stand-in of Supabase Auth: the calls that we make, as the real one answers them, confirmations on. Mails go
 * nowhere: they are shown at `/`, and told by `GET /outbox`. Throws when the port is taken.
 */
export async function startSupabase(options: SupabaseOptions): Promise<RunningSupabase> {
  const { file = null, keys = newSupabaseKeys() } = options
  const state = readState(file)
  const signing = await openSigning(state)
  const control: Control = { aheadMs: 0, away: null }
  const server = createServer((request, response) => {
    void respond(request, response).catch(() => response.destroy())
  })
  server.listen(options.port ?? 0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const desk: Desk = {
    state,
    signing,
    buckets: new Buckets(),
    limits: { ...PROJECT_LIMITS, ...options.limits },
    url,
    siteUrl: options.siteUrl.replace(/\/+$/, ''),
    accessTokenS: 3600,
    claims: {},
    mailsFail: false,
    nowMs: () => Date.now() + control.aheadMs,
  }
  writeState(file, state)

  async function respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? '/', url)
    const send = (status: number, type: string, text: string, more: Record<string, string> = {}) =>
      response.writeHead(status, { 'Content-Type': type, ...more }).end(text)
    // Somebody else's name that leads here is none of ours: the mailbox is not for other pages.
    if (!/^(?:127\.0\.0\.1|localhost)(?::\d+)?$/.test(request.headers.host ?? '')) {
      send(421, 'text/plain', 'another host is meant')
      return
    }
    if (pathname === '/')
      return void send(200, 'text/html; charset=utf-8', mailboxPage(state.mails))
    if (pathname === '/outbox') {
      const to = searchParams.get('email')?.toLowerCase()
      const mails = state.mails.filter((mail) => to === undefined || mail.to === to)
      return void send(200, 'application/json', JSON.stringify(mails))
    }
    const text = await bodyOf(request)
    if (pathname === '/control') {
      const done = controlled(desk, control, request.headers['apikey'] === keys.secretKey, text)
      return void send(done ? 204 : 403, 'text/plain', '')
    }
    if (control.away === 'silent') return
    if (control.away !== null) {
      if (control.away === 'cut') return void response.destroy()
      return void send(control.away, 'text/plain', 'upstream connect error')
    }
    if (pathname === '/auth/v1/.well-known/jwks.json') {
      const kept = { 'Cache-Control': 'public, max-age=600' }
      return void send(200, 'application/json', JSON.stringify(signing.jwks), kept)
    }
    const admission = admitted(request, keys)
    if (!admission.ok) {
      return void send(401, 'application/json', JSON.stringify(admission.body))
    }
    const path = pathname.replace(/^\/auth\/v1/, '')
    const [, call = path, rest = ''] = /^(\/admin\/users)\/(.+)$/.exec(path) ?? []
    const handler = pathname.startsWith('/auth/v1/')
      ? CALLS[`${request.method} ${call}`]
      : undefined
    const body = objectOf(text)
    const answered: AuthAnswer =
      handler === undefined
        ? no(404, 'no_route', 'there is no such call')
        : body === null
          ? no(400, 'bad_json', 'Could not parse request body as JSON')
          : await handler(desk, { body, query: searchParams, rest, ...admission.caller })
    writeState(file, state)
    if (answered.ok) {
      const { status } = answered
      if (status === 204) return void response.writeHead(204).end()
      return void send(status, 'application/json', JSON.stringify(answered.body))
    }
    const { status, code, message, reasons } = answered.fault
    const weak = reasons === undefined ? {} : { weak_password: { reasons } }
    const versioned = request.headers['x-supabase-api-version'] === VERSION
    const told = versioned ? { code, message } : { code: status, error_code: code, msg: message }
    const headers = {
      'x-sb-error-code': code,
      ...(versioned ? { 'x-supabase-api-version': VERSION } : {}),
    }
    send(status, 'application/json', JSON.stringify({ ...told, ...weak }), headers)
  }

  return {
    url,
    ...keys,
    async stop() {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}

function no(status: number, code: string, message: string): AuthAnswer {
  return { ok: false, fault: { status, code, message } }
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.byteLength
    if (bytes > MOST_BYTES) return '!'
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function objectOf(text: string): Record<string, unknown> | null {
  if (text === '') return {}
  try {
    const value: unknown = JSON.parse(text)
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
    return isObject ? { ...value } : null
  } catch {
    return null
  }
}
