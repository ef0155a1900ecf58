import type { Shown } from './state.ts'
import type { World } from './world.ts'

/** A call of the API: its parameters as they came, and what its path names. */
export type Call = {
  readonly world: World
  readonly params: Readonly<Record<string, unknown>>
  readonly ids: readonly string[]
}

/** What answers a call. Throws a Refusal. */
export type Answer = (call: Call) => Shown

/** A call that is known: its method, its path with `:` for what it names, and its answer. */
export type Route = readonly [method: 'GET' | 'POST' | 'DELETE', path: string, answer: Answer]
