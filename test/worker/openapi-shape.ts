import { z } from 'zod'
import { SCOPES } from '#core/scope'

// What of OpenAPI 3.1 our document uses, and nothing else: https://spec.openapis.org/oas/v3.1.1.html#schema-0

const text = z.string().min(1)
const reference = z.strictObject({ $ref: z.string().startsWith('#/components/') })
/** A JSON Schema; what is in it is ajv's to judge. */
const schema = z.record(z.string(), z.unknown())
const example = z.strictObject({ summary: text.optional(), value: z.unknown() })
const oneOfExamples = (media: { example?: unknown; examples?: unknown }) =>
  media.example === undefined || media.examples === undefined

const header = z.strictObject({
  description: text.optional(),
  required: z.boolean().optional(),
  schema,
  example: z.unknown().optional(),
})
const headers = z.record(text, z.union([reference, header]))
const media = z
  .strictObject({
    schema,
    example: z.unknown().optional(),
    examples: z.record(text, z.union([reference, example])).optional(),
  })
  .refine(oneOfExamples)
const response = z.strictObject({
  description: text,
  headers: headers.optional(),
  content: z.record(z.string().regex(/^[a-z]+\/[a-z-]+$/), media).optional(),
})
const parameter = z.strictObject({
  name: text,
  in: z.enum(['path', 'query']),
  required: z.boolean(),
  description: text,
  schema,
  style: z.literal('form').optional(),
  explode: z.boolean().optional(),
  example: z.unknown().optional(),
})
const operation = z.strictObject({
  operationId: z.string().regex(/^[a-z][A-Za-z]+$/),
  tags: z.tuple([text]),
  summary: text,
  description: text.optional(),
  security: z.array(z.record(text, z.array(z.enum(SCOPES)))).optional(),
  parameters: z.array(parameter).optional(),
  requestBody: z
    .strictObject({ description: text, required: z.boolean(), content: z.record(text, media) })
    .optional(),
  responses: z.record(z.string().regex(/^[1-5]\d\d$/), response),
})
const securityScheme = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('http'), scheme: z.literal('bearer'), description: text }),
  z.strictObject({
    type: z.literal('apiKey'),
    in: z.literal('header'),
    name: text,
    description: text,
  }),
])

/** The document, strictly: a field that OpenAPI does not have where it stands is refused. */
export const openapiShape = z.strictObject({
  openapi: z.string().regex(/^3\.1\.\d+$/),
  info: z.strictObject({ title: text, version: text, description: text }),
  servers: z.array(z.strictObject({ url: z.url() })).min(1),
  tags: z.array(z.strictObject({ name: text, description: text })),
  security: z.array(z.record(text, z.tuple([]))).min(1),
  paths: z.record(
    z.string().startsWith('/'),
    z.union([
      z.strictObject({ get: operation, post: z.undefined().optional() }),
      z.strictObject({ post: operation, get: z.undefined().optional() }),
    ]),
  ),
  components: z.strictObject({
    schemas: z.record(z.string().regex(/^[\w.-]+$/), schema),
    headers: z.record(text, header),
    examples: z.record(text, example),
    responses: z.record(text, response),
    securitySchemes: z.record(text, securityScheme),
  }),
})

export type OpenapiDocument = z.infer<typeof openapiShape>
export type Operation = z.infer<typeof operation>
export type Parameter = z.infer<typeof parameter>
