/** Values that are short stand in one line of so many characters. */
const LINE = 96

/**
 * Prints parsed JSON to be read: what is short in one line, the rest indented, and no more than is asked for.
 * @param most characters after which nothing more is begun
 * @returns the text, and whether it is all of it
 */
export function printJson(value: unknown, most: number): { text: string; whole: boolean } {
  const parts: string[] = []
  let length = 0
  const put = (text: string) => {
    parts.push(text)
    length += text.length
    return length < most
  }
  const print = (each: unknown, indent: string): boolean => {
    const line = short(each, LINE - indent.length)
    if (line !== null) return put(line)
    if (typeof each !== 'object' || each === null) return put(JSON.stringify(each))
    const list = Array.isArray(each)
    const entries: readonly (readonly [string, unknown])[] = Object.entries(each)
    if (!put(list ? '[' : '{')) return false
    for (const [i, [name, inner]] of entries.entries()) {
      const before = `${i === 0 ? '' : ','}\n${indent}  ${list ? '' : `${JSON.stringify(name)}: `}`
      if (!put(before) || !print(inner, `${indent}  `)) return false
    }
    return put(`\n${indent}${list ? ']' : '}'}`)
  }
  const whole = print(value, '')
  return { text: parts.join(''), whole }
}

/** In one line with spaces, as a person writes it; null when it is longer than so many characters. */
function short(value: unknown, most: number): string | null {
  if (most < 2) return null
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null'
  const list = Array.isArray(value)
  const texts: string[] = []
  let length = 4
  for (const [name, inner] of Object.entries(value)) {
    const text = short(inner, most - length)
    if (text === null) return null
    const named = list ? text : `${JSON.stringify(name)}: ${text}`
    texts.push(named)
    length += named.length + 2
    if (length > most) return null
  }
  if (list) return `[${texts.join(', ')}]`
  return texts.length === 0 ? '{}' : `{ ${texts.join(', ')} }`
}
