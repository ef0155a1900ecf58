import { z } from 'zod'

const referenced = z.object({ $ref: z.string() })
const schema = z.looseObject({})
const parameter = z.object({
  name: z.string(),
  in: z.enum(['path', 'query', 'header']),
  required: z.boolean().default(false),
  description: z.string().default(''),
  schema: schema.default({}),
  example: z.unknown().optional(),
})
const media = z.object({
  schema: schema.optional(),
  example: z.unknown().optional(),
  examples: z.record(z.string(), z.unknown()).optional(),
})
const answer = z.object({
  description: z.string(),
  content: z.record(z.string(), media).optional(),
})
const operation = z.object({
  operationId: z.string(),
  tags: z.array(z.string()).min(1),
  summary: z.string().default(''),
  description: z.string().default(''),
  security: z.array(z.record(z.string(), z.array(z.string()))).optional(),
  parameters: z.array(parameter).default([]),
  requestBody: z.object({ content: z.record(z.string(), media) }).optional(),
  responses: z.record(z.string(), z.union([referenced, answer])),
})

/** What the reference reads of an OpenAPI document. */
export const openapiDocument = z.object({
  info: z.object({ description: z.string() }),
  tags: z.array(z.object({ name: z.string(), description: z.string() })),
  paths: z.record(z.string(), z.record(z.string(), operation)),
  components: z.object({ schemas: z.record(z.string(), schema).default({}) }),
})

export type OpenapiDocument = z.infer<typeof openapiDocument>
export type Operation = z.infer<typeof operation>
export type Parameter = z.infer<typeof parameter>
