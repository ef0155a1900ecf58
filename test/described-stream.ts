import { Ajv } from 'ajv'
import { expect } from 'vitest'
import { describeStream } from '../worker/describe-stream.ts'

/** What /asyncapi.json says, for an address of tests. */
export const document = describeStream('https://kalshibook.test')

const ajv = new Ajv({ strict: true, allowUnionTypes: true, strictTuples: false })
/** What each message of the document may be. */
const payloads = new Map(
  Object.entries(document.components.messages).map(([name, { payload }]) => [
    name,
    ajv.compile(closed(payload) as object),
  ]),
)

/** The names of the messages of the document that a message is, by their schemas: no field that is not described passes. */
export function describedAs(message: unknown): string[] {
  return [...payloads].filter(([, check]) => check(message)).map(([name]) => name)
}

/**
 * Holds a message that came over a stream against the document: it must be one of those that the channel sends, and one alone.
 * @param channel which stream it came over
 */
export function expectDescribed(
  message: unknown,
  channel: 'stream' | 'marketStream' = 'stream',
): void {
  const sent: readonly string[] = (document.operations[`${channel}.say`]?.messages ?? []).map(
    ({ $ref }) => $ref.slice($ref.lastIndexOf('/') + 1),
  )
  const names = describedAs(message).filter((name) => sent.includes(name))
  expect(names, JSON.stringify(message)).toHaveLength(1)
}

/** A schema in which every object has the fields that are named and no other. */
function closed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(closed)
  if (value === null || typeof value !== 'object') return value
  const fields = Object.fromEntries(
    Object.entries(value).map(([name, each]) => [name, closed(each)]),
  )
  const open = fields['type'] === 'object' && !('additionalProperties' in fields)
  return open ? { ...fields, additionalProperties: false } : fields
}
