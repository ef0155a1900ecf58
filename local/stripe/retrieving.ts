import { z } from 'zod'
import type { Route } from './call.ts'
import { expand, readParams } from './params.ts'
import type { Shown } from './state.ts'
import type { World } from './world.ts'

/** What a call may be told that takes no more than a path. */
export const onlyExpand = z.strictObject({ expand })

/** The call that shows one object of an address. @param one shows the object of an id; throws a Refusal when there is none */
export function retrieving(address: string, one: (world: World, id: string) => Shown): Route {
  return [
    'GET',
    `${address}/:`,
    ({ world, ids: [id = ''], params }) => {
      readParams(onlyExpand, params)
      return one(world, id)
    },
  ]
}
