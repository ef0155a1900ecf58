import { z } from 'zod'
import type { Route } from './call.ts'
import { doDue } from './due.ts'
import { expand, readParams, text, whole } from './params.ts'
import { found, Refusal } from './refusal.ts'
import { retrieving } from './retrieving.ts'
import { newId, type Shown } from './state.ts'
import type { World } from './world.ts'

const creation = z.strictObject({ frozen_time: whole, name: text.optional(), expand })
const advance = z.strictObject({ frozen_time: whole, expand })

/** Test clocks, as the types of Stripe's package have them: its schema here has no more of them than that they are. */
export const testClockRoutes: readonly Route[] = [
  [
    'POST',
    '/v1/test_helpers/test_clocks',
    ({ world, params }) => {
      const given = readParams(creation, params)
      if (world.options.livemode) throw new Refusal('There are no test clocks in live mode.')
      const id = newId('clock')
      const name = given.name ?? null
      world.state.testClocks.set(id, { created: world.nowS(), name, frozen: given.frozen_time })
      return shown(world, id)
    },
  ],
  retrieving('/v1/test_helpers/test_clocks', (world, id) => shown(world, id)),
  [
    'POST',
    '/v1/test_helpers/test_clocks/:/advance',
    ({ world, ids: [id = ''], params }) => {
      const { frozen_time: toS } = readParams(advance, params)
      const clock = found(world.state.testClocks, 'test_clock', id)
      if (toS <= clock.frozen) {
        throw new Refusal('A clock only goes forward.', { param: 'frozen_time' })
      }
      doDue(world, id, toS)
      clock.frozen = toS
      return shown(world, id)
    },
  ],
]

function shown(world: World, id: string): Shown {
  const { created, name, frozen } = found(world.state.testClocks, 'test_clock', id)
  return {
    id,
    object: 'test_helpers.test_clock',
    created,
    deletes_after: created + 30 * 86_400,
    frozen_time: frozen,
    livemode: false,
    name,
    status: 'ready',
    status_details: {},
  }
}
