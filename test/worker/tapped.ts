import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { makeApp } from '../../worker/app.ts'

/** What the Worker said to its objects while it answered. */
export type Tapped = {
  readonly response: Response
  /** Which objects were asked for, by binding and name. */
  readonly objects: readonly string[]
  /** The headers of each request that was made to one of them. */
  readonly requests: readonly Headers[]
  /** The arguments of calls to them. */
  readonly calls: readonly (readonly unknown[])[]
}

/** Answers a request with the real objects, and listens to what they are asked. */
export async function tapped(request: Request): Promise<Tapped> {
  const objects: string[] = []
  const requests: Headers[] = []
  const calls: unknown[][] = []
  const stubOf = (stub: object) =>
    new Proxy(stub, {
      get: (target, name) => {
        const found: unknown = Reflect.get(target, name, target)
        if (typeof found !== 'function') return found
        return (...given: unknown[]) => {
          if (given[0] instanceof Request) requests.push(given[0].headers)
          else calls.push(given)
          return Reflect.apply(found, target, given)
        }
      },
    })
  const bindings = Object.entries<unknown>({ ...env }).map(([binding, value]) => {
    if (!isNamespace(value)) return [binding, value]
    const getByName = (name: string, options: object) => {
      objects.push(`${binding} ${name}`)
      return stubOf(value.getByName(name, options))
    }
    return [binding, { getByName }]
  })
  const ctx = createExecutionContext()
  const response = await makeApp().fetch(request, Object.fromEntries(bindings), ctx)
  if (response.webSocket === null) await waitOnExecutionContext(ctx)
  return { response, objects, requests, calls }
}

type Namespace = { getByName(name: string, options: object): object }

function isNamespace(value: unknown): value is Namespace {
  return typeof value === 'object' && value !== null && 'idFromName' in value
}
