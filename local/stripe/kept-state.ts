import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { emptyState, type State } from './state.ts'

/** What is kept in a file between runs; null when there is none. Throws when it cannot be read. */
export function keptState(file: string): State | null {
  if (!existsSync(file)) return null
  const kept = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>
  const state = emptyState() as unknown as Record<string, unknown>
  for (const [name, before] of Object.entries(state)) {
    const value = kept[name]
    if (value !== undefined) state[name] = before instanceof Map ? new Map(value as []) : value
  }
  return state as unknown as State
}

const written = new Map<string, string>()

/** Keeps it where it has changed; what was there before stays until all of it is written. */
export function keepState(file: string, state: State): void {
  const plain = Object.entries(state).map(([name, value]) => [
    name,
    value instanceof Map ? [...value] : value,
  ])
  const text = JSON.stringify(Object.fromEntries(plain))
  if (written.get(file) === text) return
  writeFileSync(`${file}.new`, text, { mode: 0o600 })
  renameSync(`${file}.new`, file)
  written.set(file, text)
}
