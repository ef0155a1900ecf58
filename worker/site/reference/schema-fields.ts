/** A field as a reference shows it. */
export type Field = { readonly name: string; readonly type: string; readonly words: string }

type Schema = Readonly<Record<string, unknown>>

const MOST_DEPTH = 5

/**
 * Every field that a JSON schema tells of, in its order; those inside of others by a path: `data[].seq`. What may be of
 * several shapes has the fields of all, each once.
 * @param read finds what `$ref` names
 */
export function fieldsOf(schema: Schema, read: (ref: string) => Schema): Field[] {
  const fields = new Map<string, Field>()
  const walk = (given: Schema, path: string, depth: number) => {
    const at = resolved(given, read)
    for (const each of variantsOf(at)) walk(each, path, depth)
    if (depth > MOST_DEPTH) return
    const items = at['items']
    if (isSchema(items)) walk(items, `${path}[]`, depth)
    for (const [name, property] of Object.entries(
      isSchema(at['properties']) ? at['properties'] : {},
    )) {
      if (!isSchema(property)) continue
      const inside = resolved(property, read)
      const whole = path === '' ? name : `${path}.${name}`
      const before = fields.get(whole)
      fields.set(whole, {
        name: whole,
        type: joined(before?.type, typeOf(inside, read)),
        words: before?.words || String(property['description'] ?? inside['description'] ?? ''),
      })
      walk(inside, whole, depth + 1)
    }
  }
  walk(schema, '', 0)
  return [...fields.values()]
}

/** What a value may be, in words: `integer or null`, `yes | no`, `list of text`. */
export function typeOf(given: Schema, read: (ref: string) => Schema): string {
  const schema = resolved(given, read)
  const { enum: values, const: only, type } = schema
  if (Array.isArray(values)) return values.map((value) => `\`${value}\``).join(' ')
  if (only !== undefined) return `\`${String(only)}\``
  const variants = variantsOf(schema)
  if (variants.length > 0) {
    const types = new Set(variants.map((variant) => typeOf(variant, read)))
    return [...types].join(' or ')
  }
  const types = (Array.isArray(type) ? type : [type ?? 'object']).map((each) => {
    if (each === 'string') return 'text'
    if (each !== 'array') return String(each)
    const items = schema['items']
    return isSchema(items) ? `list of ${typeOf(items, read)}` : 'list'
  })
  return types.join(' or ')
}

function joined(before: string | undefined, type: string): string {
  if (before === undefined || before === type) return type
  return before.split(' or ').includes(type) ? before : `${before} or ${type}`
}

function resolved(schema: Schema, read: (ref: string) => Schema): Schema {
  const ref = schema['$ref']
  return typeof ref === 'string' ? read(ref) : schema
}

function variantsOf(schema: Schema): Schema[] {
  return ['oneOf', 'anyOf', 'allOf'].flatMap((name) => {
    const variants = schema[name]
    return Array.isArray(variants) ? variants.filter(isSchema) : []
  })
}

function isSchema(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
