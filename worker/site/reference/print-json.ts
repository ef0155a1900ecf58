const LINE = 88

/** Prints JSON for reading: what fits into a line stays in one. */
export function printJson(value: unknown, indent = ''): string {
  const flat = JSON.stringify(value) ?? 'null'
  if (typeof value !== 'object' || value === null) return flat
  if (indent.length + flat.length <= LINE) return flat
  const deeper = `${indent}  `
  const parts = Array.isArray(value)
    ? value.map((each) => printJson(each, deeper))
    : Object.entries(value).map(
        ([name, each]) => `${JSON.stringify(name)}: ${printJson(each, deeper)}`,
      )
  const [open, close] = Array.isArray(value) ? '[]' : '{}'
  return `${open}\n${parts.map((part) => deeper + part).join(',\n')}\n${indent}${close}`
}
