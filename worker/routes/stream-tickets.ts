import { createRoute, type OpenAPIHono } from '@hono/zod-openapi'
import type { Context } from 'hono'
import type { ApiError } from '#core/api-error'
import { type Micros, printInstant } from '#core/instant'
import { ANY_MARKET, OPEN_TICKETS, TICKET_LIFE_MS } from '#core/ticket'
import { answerOf } from '#core/wire/api'
import { type TicketAsked, ticketAnswer, ticketAsked } from '#core/wire/ticket'
import { answerData } from '../answer.ts'
import { type App, readMarketData } from '../context.ts'
import { EXAMPLE_REQUEST_ID, headersOf, refusalsOf } from '../describe-refusal.ts'
import { settingsOf } from '../env.ts'
import { noSuch } from '../no-such.ts'
import { paramFault } from '../param-fault.ts'
import { noParams } from '../params.ts'
import { readBody } from '../read-body.ts'
import { refuse } from '../refuse.ts'
import { scoped } from '../scoped.ts'
import { findMarket } from '../store/markets.ts'
import { makeTicket } from '../ticket.ts'

/** What asks for a ticket may have so many bytes. */
const BODY_BYTES = 1024

const route = createRoute({
  method: 'post',
  path: '/v1/stream/tickets',
  operationId: 'makeStreamTicket',
  tags: ['Books'],
  summary: 'A ticket with which a page opens one stream, in place of a key',
  description: `Pages cannot set headers on a websocket: they offer the subprotocols \`kb.v1\` and the ticket. It opens one socket, once, within ${TICKET_LIFE_MS / 1000} s, of one market or of any, for a page of one Origin. An account may have ${OPEN_TICKETS} at once.`,
  ...scoped('live'),
  request: {
    query: noParams,
    body: {
      description: `At most ${BODY_BYTES} bytes; an empty one is {}`,
      required: false,
      content: {
        'application/json': {
          schema: ticketAsked,
          example: { market: 'KXBTCD-26NOV2217-T95000', origin: 'https://example.com' },
        },
      },
    },
  },
  responses: {
    200: {
      description: 'The ticket, told this once',
      headers: headersOf(
        'X-Request-Id',
        'RateLimit-Policy',
        'RateLimit',
        'X-Credits-Cost',
        'X-Credits-Remaining',
        'Cache-Control',
        'Vary',
      ),
      content: {
        'application/json': {
          schema: answerOf(ticketAnswer),
          example: {
            data: {
              ticket: `kbt_7${'x'.repeat(43)}${'y'.repeat(43)}`,
              expires_ts: '2026-11-21T17:01:00.250000Z',
            },
            meta: { request_id: EXAMPLE_REQUEST_ID, credits: 0 },
          },
        },
      },
    },
    ...refusalsOf(['not_found']),
  },
})

/** `POST /v1/stream/tickets`. */
export function addStreamTickets(app: OpenAPIHono<App>): void {
  app.openAPIRegistry.registerPath(route)
  // The body is read here, as far as it may go and whatever its Content-Type is: a market that is named is never passed over.
  app.post(route.path, route.middleware, async (c) => {
    const query = noParams.safeParse(c.req.query())
    if (!query.success) return refuse(c, paramFault(query.error.issues))
    const asked = await readAsked(c)
    if ('code' in asked) return refuse(c, asked)
    const pepper = settingsOf(c.env).KEY_PEPPER_V1
    if (pepper === null) {
      return refuse(c, { code: 'upstream_degraded', message: 'no tickets can be made now' })
    }
    const { market } = asked
    if (market !== ANY_MARKET) {
      const found = await readMarketData(c, (sql) => findMarket(sql, market))
      if (found === null) return refuse(c, noSuch('market', market))
    }
    const { accountId, keyId } = c.get('caller')
    const origin = asked.origin ?? null
    const { text, keeping } = await makeTicket(c, pepper, {
      account: accountId,
      keyId,
      market,
      origin,
    })
    if (keeping.kind === 'full') {
      const message = `an account may have ${OPEN_TICKETS} unused tickets`
      const { retryAfterMs } = keeping
      return refuse(c, { code: 'rate_limited', message, retryAfterMs })
    }
    const expires_ts = printInstant((keeping.expiresMs * 1000) as Micros)
    return answerData(c, { ticket: text, expires_ts }, { caching: 'none', credits: 0 })
  })
}

/** What is asked for; without an Origin in the body that of the request counts. */
async function readAsked(c: Context<App>): Promise<TicketAsked | ApiError> {
  const text = await readBody(c.req.raw, BODY_BYTES)
  if (text === null) {
    return { code: 'invalid_param', param: 'body', message: `may have ${BODY_BYTES} bytes` }
  }
  const given = parseJson(text === '' ? '{}' : text)
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    return { code: 'invalid_param', param: 'body', message: 'must be a JSON object' }
  }
  const header = c.req.header('Origin')
  const asked = ticketAsked.safeParse({ ...(header && { origin: header }), ...given })
  return asked.success ? asked.data : paramFault(asked.error.issues)
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
