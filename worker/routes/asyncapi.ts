import { createRoute, type OpenAPIHono } from '@hono/zod-openapi'
import { documentAnswer } from '../answer-document.ts'
import type { App } from '../context.ts'
import { documentAnswers } from '../describe-document.ts'
import { OPEN } from '../describe-read.ts'
import { describeStream } from '../describe-stream.ts'
import { noParams } from '../params.ts'

const route = createRoute({
  method: 'get',
  path: '/asyncapi.json',
  operationId: 'getAsyncapi',
  tags: ['Service'],
  summary: 'The streams: every message of both sides, with an example; no key is needed',
  security: OPEN,
  request: { query: noParams },
  responses: documentAnswers('AsyncAPI 3.0', 'asyncapi', '3.0.0'),
})

/** `GET /asyncapi.json`: what the streams say of themselves. */
export function addAsyncapi(app: OpenAPIHono<App>): void {
  app.openapi(route, documentAnswer(describeStream))
}
