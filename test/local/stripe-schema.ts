import { Ajv2020 } from 'ajv/dist/2020.js'
import { decodeForm } from '../../local/stripe/form.ts'
import type { SeenCall } from '../../local/stripe/stripe.ts'
import { readShared } from '../shared-data.ts'

type Operation = {
  readonly requestBody?: { readonly content: Readonly<Record<string, unknown>> }
  readonly parameters?: readonly { readonly name: string; readonly in: string }[]
}
type Document = {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: { readonly schemas: Readonly<Record<string, unknown>> }
}

/** What of the API's schema a call or an object breaks. */
export type StripeSchema = {
  /** Breaches of a request, and of the answer that it got. */
  callProblems(call: SeenCall): string[]
  /** Breaches of an event that was made. */
  eventProblems(event: Readonly<Record<string, unknown>>): string[]
}

/** Calls that the schema here does not have: their shapes are those of the types of Stripe's package. */
const ELSEWHERE =
  /^\/v1\/(?:account$|refunds|charges|payment_intents|invoice_payments|disputes|test_helpers|invoices\/[^/]+\/(?:pay|void|finalize)$)/

/** Reads the schema of Stripe's API, as far as we have it. */
export function stripeSchema(): StripeSchema {
  const text = readShared('data/stripe/openapi-subset.json')
  const document = JSON.parse(text) as Document
  const forms = new Ajv2020({ coerceTypes: true, strict: false })
  const objects = new Ajv2020({ strict: false })
  for (const ajv of [forms, objects]) ajv.addSchema(document, 'stripe#')
  const pathOf = (path: string) =>
    Object.keys(document.paths)
      .toSorted((a, b) => a.split('{').length - b.split('{').length)
      .find((each) => new RegExp(`^${each.replace(/\{[^}]*\}/g, '[^/]+')}$`).test(path))
  const errorsOf = (ajv: Ajv2020, ref: string, value: unknown) => {
    const check = ajv.getSchema(`stripe#/${ref}`)
    if (check === undefined) return [`no schema ${ref}`]
    if (check(value)) return []
    return (check.errors ?? []).map(({ instancePath, message, params }) => {
      return `${instancePath} ${message} ${JSON.stringify(params)}`
    })
  }
  const escaped = (path: string) => encodeURIComponent(path.replaceAll('/', '~1'))
  return {
    callProblems({ method, path, query, body, status, answer }) {
      if (status !== null && status >= 400) {
        return named(`${method} ${path}`, errorsOf(objects, 'components/schemas/error', answer))
      }
      if (ELSEWHERE.test(path)) return []
      const known = pathOf(path)
      const operation = known === undefined ? undefined : document.paths[known]?.[lower(method)]
      if (known === undefined || operation === undefined) return [`no operation ${method} ${path}`]
      const at = `paths/${escaped(known)}/${lower(method)}`
      const [type] = Object.keys(operation.requestBody?.content ?? {})
      const asked = []
      if (type !== undefined) {
        const given: unknown = type.endsWith('json') ? JSON.parse(body || '{}') : decodeForm(body)
        const schema = `${at}/requestBody/content/${escaped(type)}/schema`
        asked.push(...errorsOf(forms, schema, given))
      }
      const params = operation.parameters ?? []
      for (const name of Object.keys(decodeForm(query) ?? {})) {
        if (!params.some((each) => each.in === 'query' && each.name === name)) {
          asked.push(`?${name} is no parameter`)
        }
      }
      // The schema has of all thin events one type alone: each is held against its own.
      if (known === '/v2/core/events/{id}') return this.eventProblems(Object(answer))
      const response = `${at}/responses/200/content/application~1json/schema`
      const answered = status === null ? [] : errorsOf(objects, response, answer)
      return named(`${method} ${path}`, [...asked, ...answered])
    },
    eventProblems(event) {
      const type = String(event['type'])
      const schemas = Object.keys(document.components.schemas)
      const name =
        schemas.find((each) => each === `event.${type}`) ??
        (type === 'v1.billing.meter.error_report_triggered'
          ? 'thin.V1BillingMeterErrorReportTriggeredEvent'
          : undefined)
      if (name === undefined) return []
      return named(type, errorsOf(objects, `components/schemas/${name}`, event))
    },
  }
}

function lower(method: string): string {
  return method.toLowerCase()
}

function named(what: string, problems: readonly string[]): string[] {
  return problems.map((each) => `${what}: ${each}`)
}
