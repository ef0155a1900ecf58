import type { Env } from './env.ts'

/** Makes something once for each set of bindings, which in production is once an isolate, and hands it out again. */
export function perEnv<Made>(make: (env: Env) => Made): (env: Env) => Made {
  const made = new WeakMap<Env, { readonly one: Made }>()
  return (env) => {
    const before = made.get(env)
    if (before !== undefined) return before.one
    const one = make(env)
    made.set(env, { one })
    return one
  }
}
