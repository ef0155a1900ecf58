/** Characters of a line, as long as there is a place to break it. */
const LINE = 79

/** Prints JSON for reading: what fits into a line stays in one, and of what does not, as much as fits goes into each. */
export function foldJson(value) {
  return fold(value, '', 0)
}

/** @param before characters that stand before it in its line, beside the indent */
function fold(value, indent, before) {
  const flat = flatten(value)
  const fits = indent.length + before + flat.length < LINE
  if (fits || typeof value !== 'object' || value === null) return flat
  const deeper = `${indent}  `
  const lines = []
  let line = ''
  for (const [name, each] of membersOf(value)) {
    const short = name + flatten(each)
    const whole = deeper.length + short.length < LINE
    if (line !== '' && (!whole || deeper.length + line.length + short.length + 2 >= LINE)) {
      lines.push(line)
      line = ''
    }
    if (!whole) lines.push(name + fold(each, deeper, name.length + 1))
    else line += line === '' ? short : `, ${short}`
  }
  if (line !== '') lines.push(line)
  const [open, close] = bracketsOf(value)
  return `${open}\n${lines.map((each) => deeper + each).join(',\n')}\n${indent}${close}`
}

function flatten(value) {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null'
  const [open, close] = bracketsOf(value)
  const members = membersOf(value).map(([name, each]) => name + flatten(each))
  return open + members.join(', ') + close
}

/** What stands in brackets, each with what is written before it. */
function membersOf(value) {
  return Object.entries(value).map(([name, each]) => [
    Array.isArray(value) ? '' : `${JSON.stringify(name)}: `,
    each,
  ])
}

function bracketsOf(value) {
  return Array.isArray(value) ? '[]' : '{}'
}
