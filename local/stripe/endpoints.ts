import { randomBytes } from 'node:crypto'
import { z } from 'zod'
import type { Route } from './call.ts'
import { pageOf } from './page-of.ts'
import {
  expand,
  flag,
  inRange,
  merged,
  metadata,
  paged,
  range,
  readParams,
  text,
} from './params.ts'
import { found, missing, Refusal } from './refusal.ts'
import { onlyExpand, retrieving } from './retrieving.ts'
import { showDestination, showEndpoint } from './show-catalog.ts'
import { API_VERSION, type Endpoint, newId } from './state.ts'
import type { World } from './world.ts'

const events = z.array(z.string().regex(/^(?:\*|[a-z0-9_.]+)$/)).min(1)
const url = z.url({ protocol: /^https?$/ })
const creation = z.strictObject({
  url,
  enabled_events: events,
  api_version: z.enum([API_VERSION]),
  description: z.string().optional(),
  metadata: metadata.optional(),
  expand,
})
const update = z.strictObject({
  url: url.optional(),
  enabled_events: events.optional(),
  description: z.string().optional(),
  disabled: flag.optional(),
  metadata: metadata.optional(),
  expand,
})
const included = z.array(z.enum(['webhook_endpoint.signing_secret', 'webhook_endpoint.url']))
const destination = z.strictObject({
  name: text,
  description: z.string().optional(),
  type: z.enum(['webhook_endpoint']),
  event_payload: z.enum(['thin']),
  enabled_events: events,
  events_from: z.array(z.string()).optional(),
  webhook_endpoint: z.strictObject({ url }),
  include: included.optional(),
  metadata: metadata.optional(),
})
const listing = z.strictObject({
  ...paged,
  type: text.optional(),
  types: z.array(text).max(20).optional(),
  delivery_success: flag.optional(),
  created: range,
})

/** The secrets of endpoints that are made; null for a random one each. */
export type Secrets = { readonly webhook: string | null; readonly thin: string | null }

/** What is called with an endpoint, and its events. @param secrets those that new endpoints get */
export function endpointRoutes(secrets: Secrets): readonly Route[] {
  const add = (world: World, given: Omit<Endpoint, 'id' | 'created' | 'secret' | 'disabled'>) => {
    const endpoint: Endpoint = {
      ...given,
      id: newId(given.thin ? 'ed' : 'we'),
      created: world.nowS(),
      secret:
        (given.thin ? secrets.thin : secrets.webhook) ??
        `whsec_${randomBytes(24).toString('base64url')}`,
      disabled: false,
    }
    world.state.endpoints.set(endpoint.id, endpoint)
    return endpoint
  }
  return [
    [
      'POST',
      '/v1/webhook_endpoints',
      ({ world, params }) => {
        const given = readParams(creation, params)
        const endpoint = add(world, {
          url: given.url,
          events: given.enabled_events,
          thin: false,
          name: '',
          description: given.description ?? null,
          metadata: merged({}, given.metadata),
        })
        return showEndpoint(world, endpoint, true)
      },
    ],
    [
      'POST',
      '/v2/core/event_destinations',
      ({ world, params }) => {
        const given = readParams(destination, params)
        const endpoint = add(world, {
          url: given.webhook_endpoint.url,
          events: given.enabled_events,
          thin: true,
          name: given.name,
          description: given.description ?? null,
          metadata: merged({}, given.metadata),
        })
        return showDestination(world, endpoint, given.include ?? [])
      },
    ],
    ...fixedRoutes,
  ]
}

const fixedRoutes: readonly Route[] = [
  [
    'GET',
    '/v1/webhook_endpoints',
    ({ world, params }) => {
      const asked = readParams(z.strictObject(paged), params)
      const all = [...world.state.endpoints.values()].filter(({ thin }) => !thin)
      return pageOf('/v1/webhook_endpoints', all, asked, (each) => showEndpoint(world, each))
    },
  ],
  retrieving('/v1/webhook_endpoints', (world, id) =>
    showEndpoint(world, endpointOf(world, id, false)),
  ),
  [
    'POST',
    '/v1/webhook_endpoints/:',
    ({ world, ids: [id = ''], params }) => {
      const endpoint = endpointOf(world, id, false)
      const given = readParams(update, params)
      endpoint.url = given.url ?? endpoint.url
      endpoint.events = given.enabled_events ?? endpoint.events
      endpoint.description = given.description ?? endpoint.description
      endpoint.disabled = given.disabled ?? endpoint.disabled
      endpoint.metadata = merged(endpoint.metadata, given.metadata)
      return showEndpoint(world, endpoint)
    },
  ],
  [
    'DELETE',
    '/v1/webhook_endpoints/:',
    ({ world, ids: [id = ''], params }) => {
      readParams(z.strictObject({}), params)
      endpointOf(world, id, false)
      world.state.endpoints.delete(id)
      return { id, object: 'webhook_endpoint', deleted: true }
    },
  ],
  [
    'GET',
    '/v2/core/event_destinations',
    ({ world, params }) => {
      const asked = readParams(
        z.strictObject({ limit: paged.limit, include: included.optional() }),
        params,
      )
      const data = [...world.state.endpoints.values()]
        .filter(({ thin }) => thin)
        .slice(0, asked.limit)
        .map((each) => showDestination(world, each, asked.include ?? []))
      return { data, next_page_url: null, previous_page_url: null }
    },
  ],
  [
    'GET',
    '/v2/core/event_destinations/:',
    ({ world, ids: [id = ''], params }) => {
      const asked = readParams(z.strictObject({ include: included.optional() }), params)
      return showDestination(world, endpointOf(world, id, true), asked.include ?? [])
    },
  ],
  [
    'GET',
    '/v2/core/events/:',
    ({ world, ids: [id = ''], params }) => {
      readParams(z.strictObject({}), params)
      const event = found(world.state.events, 'event', id)
      if (!event.thin) throw missing('event', id)
      return event.shown
    },
  ],
  [
    'GET',
    '/v1/events',
    ({ world, params }) => {
      const asked = readParams(listing, params)
      if (asked.type !== undefined && asked.types !== undefined) {
        throw new Refusal('Give one of type and types.', { code: 'parameters_exclusive' })
      }
      const all = [...world.state.events.values()].filter(
        ({ thin, type, created, pending }) =>
          !thin &&
          (asked.type === undefined || isOfType(type, asked.type)) &&
          (asked.types === undefined || asked.types.includes(type)) &&
          (asked.delivery_success === undefined || asked.delivery_success === (pending === 0)) &&
          inRange(created, asked.created),
      )
      return pageOf('/v1/events', all, asked, showPending)
    },
  ],
  [
    'GET',
    '/v1/events/:',
    ({ world, ids: [id = ''], params }) => {
      readParams(onlyExpand, params)
      const event = found(world.state.events, 'event', id)
      if (event.thin) throw missing('event', id)
      return showPending(event)
    },
  ],
]

function showPending({ shown, pending }: { shown: object; pending: number }) {
  return { ...shown, pending_webhooks: pending }
}

function isOfType(type: string, asked: string): boolean {
  return asked.endsWith('*') ? type.startsWith(asked.slice(0, -1)) : type === asked
}

function endpointOf(world: World, id: string, thin: boolean): Endpoint {
  const endpoint = found(world.state.endpoints, 'endpoint', id)
  if (endpoint.thin === thin) return endpoint
  throw missing('endpoint', id)
}
