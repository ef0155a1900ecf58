import { createRoute, type OpenAPIHono } from '@hono/zod-openapi'
import { documentAnswer } from '../answer-document.ts'
import type { App } from '../context.ts'
import { describeApi } from '../describe-api.ts'
import { documentAnswers } from '../describe-document.ts'
import { OPEN } from '../describe-read.ts'
import { noParams } from '../params.ts'

const route = createRoute({
  method: 'get',
  path: '/openapi.json',
  operationId: 'getOpenapi',
  tags: ['Service'],
  summary: 'This document; no key is needed',
  security: OPEN,
  request: { query: noParams },
  responses: documentAnswers('OpenAPI 3.1', 'openapi', '3.1.1'),
})

/** `GET /openapi.json`: what every other route says of itself. */
export function addOpenapi(app: OpenAPIHono<App>): void {
  app.openapi(
    route,
    documentAnswer((publicUrl) => describeApi(app, publicUrl)),
  )
}
