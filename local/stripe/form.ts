/** The deepest that parameters may be nested. */
const DEEPEST = 8

type Branch = { [key: string]: Branch | string }

/**
 * Takes a form apart as Stripe reads it: `a[b][0][c]=x`; what is numbered from 0 is a list.
 * @returns null when it names one thing twice or in two ways
 */
export function decodeForm(text: string): Record<string, unknown> | null {
  const root: Branch = Object.create(null) as Branch
  for (const [name, value] of new URLSearchParams(text)) {
    const path = pathOf(name)
    if (path === null || !put(root, path, value)) return null
  }
  return settle(root) as Record<string, unknown>
}

function pathOf(name: string): string[] | null {
  const [, first, rest] = /^([^[\]]+)((?:\[[^[\]]*\])*)$/.exec(name) ?? []
  if (first === undefined || rest === undefined) return null
  const path = [first, ...[...rest.matchAll(/\[([^[\]]*)\]/g)].map(([, key = '']) => key)]
  return path.length > DEEPEST ? null : path
}

function put(root: Branch, path: readonly string[], value: string): boolean {
  let here = root
  for (const [at, key] of path.entries()) {
    const name = key === '' ? String(Object.keys(here).length) : key
    const there = here[name]
    if (at === path.length - 1) {
      if (there !== undefined) return false
      here[name] = value
      return true
    }
    if (typeof there === 'string') return false
    const next = there ?? (Object.create(null) as Branch)
    here[name] = next
    here = next
  }
  return false
}

function settle(branch: Branch | string): unknown {
  if (typeof branch === 'string') return branch
  const entries = Object.entries(branch).map(([key, value]) => [key, settle(value)] as const)
  const listed = entries.length > 0 && entries.every(([key], at) => key === String(at))
  return listed ? entries.map(([, value]) => value) : Object.fromEntries(entries)
}
