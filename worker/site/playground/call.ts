import { JSON_FORMAT, type Operation, type OperationField } from './operation.ts'

/** What stands in a form: texts by field; '' and absent are the same. */
export type Values = Readonly<Record<string, string>>

/** One call, as it is sent and shown. */
export type Call = {
  readonly operation: Operation
  readonly method: Operation['method']
  /** With its query; what a required part of it lacks stays in braces. */
  readonly path: string
  /** The media type that is asked for; null when the endpoint has but one. */
  readonly accept: string | null
  /** JSON; null where there is none. */
  readonly body: string | null
  /** The first message of a stream, JSON; null of all else. */
  readonly subscribe: string | null
  /** Required fields that are empty. */
  readonly missing: readonly string[]
}

/** By this name the format of the answer stands among the values. */
export const FORMAT = 'accept'

/** Makes the call of what a form holds. */
export function callOf(operation: Operation, values: Values): Call {
  const given = (field: OperationField) => (values[field.name] ?? '').trim()
  const of = (where: OperationField['where']) =>
    operation.fields.filter((field) => field.where === where && given(field) !== '')
  let path = operation.path
  for (const field of of('path')) path = path.replace(`{${field.name}}`, encoded(given(field)))
  const query = of('query').map((field) => `${field.name}=${encoded(given(field))}`)
  const asked = values[FORMAT] ?? ''
  const [first = JSON_FORMAT] = operation.formats
  return {
    operation,
    method: operation.method,
    path: query.length === 0 ? path : `${path}?${query.join('&')}`,
    accept: operation.formats.includes(asked) && asked !== first ? asked : null,
    body:
      operation.method === 'POST'
        ? JSON.stringify(Object.fromEntries(of('body').map((one) => [one.name, given(one)])))
        : null,
    subscribe: operation.stream ? subscribeOf(of('subscribe'), given) : null,
    missing: operation.fields
      .filter((field) => field.required && given(field) === '')
      .map(({ name }) => name),
  }
}

/** A colon and a comma may stand in a query as they are, and are read more easily so. */
function encoded(text: string): string {
  return encodeURIComponent(text).replaceAll('%3A', ':').replaceAll('%2C', ',')
}

function subscribeOf(
  fields: readonly OperationField[],
  given: (field: OperationField) => string,
): string {
  const entries = fields.map((field) => [field.name, messageValue(field, given(field))])
  return JSON.stringify({ op: 'subscribe', id: 1, ...Object.fromEntries(entries) })
}

function messageValue({ kind, name }: OperationField, text: string): unknown {
  if (kind === 'markets' || kind === 'several') return text.split(',').map((each) => each.trim())
  return kind === 'number' || name === 'depth' ? Number(text) : text
}
