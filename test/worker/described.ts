import { exports } from 'cloudflare:workers'
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import type { OpenapiDocument, Operation, Parameter } from './openapi-shape.ts'

/** One operation of the document. */
export type Described = {
  readonly path: string
  readonly method: 'get' | 'post'
  readonly operation: Operation
  readonly parameters: readonly Parameter[]
}

/** What the Worker says of itself. */
export type Api = {
  readonly document: OpenapiDocument
  readonly operations: readonly Described[]
  /** Why a value is not what the document has at a place; [] when it is. No field that is not documented passes. */
  readonly faults: (place: readonly string[], value: unknown) => string[]
}

/** Reads the document. */
export async function readApi(): Promise<Api> {
  const request = new Request('https://kalshibook.test/openapi.json')
  const given: unknown = await (await exports.default.fetch(request)).json()
  const document = given as OpenapiDocument
  const ajv = new Ajv2020({ strict: true, allowUnionTypes: true, allErrors: true })
  ajv.addKeyword('discriminator')
  ajv.addFormat('date', /^\d{4}-\d{2}-\d{2}$/)
  const $defs = schemaOf(document.components.schemas) as object
  const operations = Object.entries(document.paths).flatMap(([path, item]) =>
    (['get', 'post'] as const).flatMap((method) => {
      const operation = item[method]
      return operation === undefined
        ? []
        : [{ path, method, operation, parameters: operation.parameters ?? [] }]
    }),
  )
  const checks = new Map<string, ValidateFunction>()
  const checkOf = (place: readonly string[]) => {
    const known = checks.get(place.join('\n'))
    if (known !== undefined) return known
    let found: unknown = document
    for (const name of place) found = (found as Record<string, unknown> | undefined)?.[name]
    if (found === undefined) return null
    const check = ajv.compile({ ...(schemaOf(found) as object), $defs })
    checks.set(place.join('\n'), check)
    return check
  }
  const faults = (place: readonly string[], value: unknown) => {
    const check = checkOf(place)
    if (check === null) return [`nothing is said of ${place.join(' ')}`]
    if (check(value)) return []
    return (check.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`)
  }
  return { document, operations, faults }
}

/** A schema that stands for itself, in which every object has the fields that are named and no other. */
function schemaOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(schemaOf)
  if (value === null || typeof value !== 'object') return value
  const fields = Object.fromEntries(
    Object.entries(value).map(([name, each]) =>
      name === '$ref'
        ? [name, String(each).replace('#/components/schemas/', '#/$defs/')]
        : [name, schemaOf(each)],
    ),
  )
  const open = fields['type'] === 'object' && !('additionalProperties' in fields)
  return open ? { ...fields, additionalProperties: false } : fields
}

/** The address of an operation with these values of its parameters. */
export function addressOf(
  { path, parameters }: Described,
  values: Record<string, unknown>,
): string {
  const text = (value: unknown) => encodeURIComponent(String(value))
  let address = path
  const query: string[] = []
  for (const { name, in: where } of parameters) {
    if (!(name in values)) continue
    if (where === 'path') address = address.replace(`{${name}}`, text(values[name]))
    else query.push(`${name}=${text(values[name])}`)
  }
  return query.length === 0 ? address : `${address}?${query.join('&')}`
}

/** The method of an operation, as a request names it. */
export function methodOf({ method }: Described): string {
  return method.toUpperCase()
}

/** The examples of the parameters that must be given. */
export function neededOf({ parameters }: Described): Record<string, unknown> {
  const needed = parameters.filter(({ required }) => required)
  return Object.fromEntries(needed.map(({ name, example }) => [name, example]))
}

/** Whether an operation answers with a list. */
export function isList({ operation }: Described): boolean {
  return operation.responses['200']?.content?.['text/csv'] !== undefined
}

/** An answer as the document judges it. */
export type Judged = { readonly status: number; readonly headers: Headers; readonly body: unknown }

/** Where an answer is not what the document says of its status, headers and body. */
export function answerFaults(
  api: Api,
  { path, method, operation }: Described,
  answer: Judged,
): string[] {
  const { status, headers, body } = answer
  const said = operation.responses[String(status)]
  if (said === undefined) return [`${status} is not told: ${JSON.stringify(body)}`]
  const faults: string[] = []
  const type = headers.get('Content-Type')?.split(';')[0] ?? ''
  if (said.content !== undefined) {
    const place = ['paths', path, method, 'responses', String(status), 'content', type, 'schema']
    faults.push(...api.faults(place, body))
  } else if (Object.keys(body as object).length > 0) faults.push('it has a body')
  for (const name of Object.keys(said.headers ?? {})) {
    const { required, schema } = api.document.components.headers[name] ?? {}
    const given = headers.get(name)
    if (given === null && required) faults.push(`${name} is missing`)
    if (given === null) continue
    const value = schema?.['type'] === 'integer' ? Number(given) : given
    faults.push(...api.faults(['components', 'headers', name, 'schema'], value))
  }
  return faults
}
