import { z } from '@hono/zod-openapi'
import { headersOf, refusalsOf } from './describe-refusal.ts'

const HEADERS = headersOf('X-Request-Id', 'X-Credits-Cost', 'Cache-Control', 'ETag')

/** The responses of a route that answers with a document of ours. @param kind the field that names its version */
export function documentAnswers(
  description: string,
  kind: 'openapi' | 'asyncapi',
  version: string,
) {
  return {
    200: {
      description,
      headers: HEADERS,
      content: {
        'application/json': {
          schema: z.looseObject({ [kind]: z.string(), info: z.looseObject({}) }),
          example: { [kind]: version, info: { title: 'KalshiBook', version: '1.0.0' } },
        },
      },
    },
    304: { description: 'The caller has this very document', headers: HEADERS },
    ...refusalsOf([], false),
  }
}
