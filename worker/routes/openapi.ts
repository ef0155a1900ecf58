import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { sameTag } from '#core/caching'
import { tagOf } from '../answer.ts'
import type { App } from '../context.ts'
import { describeApi } from '../describe-api.ts'
import { OPEN } from '../describe-read.ts'
import { headersOf, refusalsOf } from '../describe-refusal.ts'
import { type Env, settingsOf } from '../env.ts'
import { noParams } from '../params.ts'

const HEADERS = headersOf('X-Request-Id', 'X-Credits-Cost', 'Cache-Control', 'ETag')
/** It changes with a deploy alone. */
const CACHE_CONTROL = 'public, max-age=3600'

const route = createRoute({
  method: 'get',
  path: '/openapi.json',
  operationId: 'getOpenapi',
  tags: ['Service'],
  summary: 'This document; no key is needed',
  security: OPEN,
  request: { query: noParams },
  responses: {
    200: {
      description: 'OpenAPI 3.1',
      headers: HEADERS,
      content: {
        'application/json': {
          schema: z.looseObject({ openapi: z.string(), info: z.looseObject({}) }),
          example: { openapi: '3.1.1', info: { title: 'KalshiBook', version: '1.0.0' }, paths: {} },
        },
      },
    },
    304: { description: 'The caller has this very document', headers: HEADERS },
    ...refusalsOf([], false),
  },
})

/** The document with its ETag, made once: it is the same until the next deploy. */
const printed = new WeakMap<Env, { readonly text: string; readonly etag: string }>()

/** `GET /openapi.json`: what every other route says of itself. */
export function addOpenapi(app: OpenAPIHono<App>): void {
  app.openapi(route, async (c) => {
    const { text, etag } = printed.get(c.env) ?? (await print(app, c.env))
    c.header('Cache-Control', CACHE_CONTROL)
    c.header('ETag', etag)
    if (sameTag(c.req.header('If-None-Match'), etag)) return c.body(null, 304)
    return c.body(text, 200, { 'Content-Type': 'application/json; charset=UTF-8' })
  })
}

async function print(app: OpenAPIHono<App>, env: Env) {
  const text = JSON.stringify(describeApi(app, settingsOf(env).PUBLIC_URL))
  const made = { text, etag: await tagOf(text) }
  printed.set(env, made)
  return made
}
