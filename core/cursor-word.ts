const PLAIN = /[^A-Za-z0-9.-]/g
const QUOTED = /_([0-9a-f]{2})/g

/** Prints an ASCII text so that it can be part of a cursor: what a cursor cannot hold is quoted. */
export function printCursorWord(text: string): string {
  return text.replace(PLAIN, (char) => `_${char.charCodeAt(0).toString(16).padStart(2, '0')}`)
}

/** Reads what `printCursorWord` printed. */
export function parseCursorWord(word: string): string {
  return word.replace(QUOTED, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)))
}
