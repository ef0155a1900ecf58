import type { Ladders, Level } from './log.ts'
import { asPrice } from './price.ts'
import { asSize } from './size.ts'

/**
 * Prints a book as the text its checksums are taken of: yes ladder, `|`, no ladder, levels
 * `P:S` best first joined by `,`; P in millionths of a dollar, S in hundredths of a contract.
 * @param depth how many levels of each side, all when absent
 */
export function printLadders(book: Ladders, depth?: number): string {
  return `${printSide(book.yes, depth)}|${printSide(book.no, depth)}`
}

/** Reads what `printLadders` prints; null for anything else, unordered or empty levels included. */
export function parseLadders(text: string): Ladders | null {
  const [yesText, noText, ...rest] = text.split('|')
  if (yesText === undefined || noText === undefined || rest.length > 0) return null
  const yes = parseSide(yesText)
  const no = parseSide(noText)
  return yes === null || no === null ? null : { yes, no }
}

function printSide(levels: readonly Level[], depth = levels.length): string {
  let text = ''
  for (let i = 0; i < levels.length && i < depth; i++) {
    const level = levels[i]
    if (level !== undefined) text += `${i === 0 ? '' : ','}${level[0]}:${level[1]}`
  }
  return text
}

function parseSide(text: string): Level[] | null {
  const levels: Level[] = []
  let above = Number.POSITIVE_INFINITY
  for (const part of text === '' ? [] : text.split(',')) {
    const match = /^([1-9]\d{0,5}):([1-9]\d{0,14})$/.exec(part)
    const price = match === null ? null : asPrice(Number(match[1]))
    const size = match === null ? null : asSize(Number(match[2]))
    if (price === null || size === null || price >= above) return null
    levels.push([price, size])
    above = price
  }
  return levels
}
