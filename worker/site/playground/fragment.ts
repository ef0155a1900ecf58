import { FORMAT, type Values } from './call.ts'
import type { Operation } from './operation.ts'

/** What the address of the playground names. */
export type Linked = {
  /** null when it names none. */
  readonly op: string | null
  readonly values: Values
}

const OPERATION = 'op'

/** Reads the part of the page's address after `#`: `op=getMarketOrderbook&ticker=…`. */
export function readFragment(fragment: string): Linked {
  const { [OPERATION]: op = null, ...values } = Object.fromEntries(
    new URLSearchParams(fragment.replace(/^#/, '')),
  )
  return { op, values }
}

/** Prints what `readFragment` reads: an endpoint with what its form holds. */
export function printFragment({ id, fields }: Operation, values: Values): string {
  const given = [...fields.map(({ name }) => name), FORMAT].flatMap((name): [string, string][] => {
    const text = values[name] ?? ''
    return text === '' ? [] : [[name, text]]
  })
  const printed = new URLSearchParams([[OPERATION, id], ...given]).toString()
  return `#${printed.replaceAll('%3A', ':').replaceAll('%2C', ',')}`
}
