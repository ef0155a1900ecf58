import { z } from 'zod'
import type { Route } from './call.ts'
import { pageOf } from './page-of.ts'
import { expand, inRange, merged, metadata, paged, range, readParams, text } from './params.ts'
import { found, missing, Refusal } from './refusal.ts'
import { retrieving } from './retrieving.ts'
import { showCustomer } from './show-catalog.ts'
import { type Customer, newId } from './state.ts'
import { cancelNow } from './subscribing.ts'
import type { World } from './world.ts'

const fields = {
  email: z.string().max(512).optional(),
  name: z.string().max(256).optional(),
  description: z.string().optional(),
  metadata: metadata.optional(),
  expand,
}
const creation = z.strictObject({ ...fields, test_clock: text.optional() })
const update = z.strictObject(fields)
const listing = z.strictObject({
  ...paged,
  email: text.optional(),
  created: range,
  test_clock: text.optional(),
})

/** A customer that is not deleted. Throws a Refusal. */
export function customerOf(world: World, id: string, param?: string): Customer {
  const customer = found(world.state.customers, 'customer', id, param)
  if (customer.deleted) throw missing('customer', id, param)
  return customer
}

export const customerRoutes: readonly Route[] = [
  [
    'POST',
    '/v1/customers',
    ({ world, params }) => {
      const given = readParams(creation, params)
      const clock = given.test_clock ?? null
      if (clock !== null) found(world.state.testClocks, 'test_clock', clock, 'test_clock')
      const customer: Customer = {
        id: newId('cus'),
        created: world.nowS({ testClock: clock }),
        email: given.email ?? null,
        name: given.name ?? null,
        description: given.description ?? null,
        metadata: merged({}, given.metadata),
        testClock: clock,
        card: 'none',
        balance: 0,
        invoices: 0,
        deleted: false,
      }
      world.state.customers.set(customer.id, customer)
      const shown = showCustomer(world, customer)
      world.emit('customer.created', shown, customer.created)
      return shown
    },
  ],
  [
    'GET',
    '/v1/customers',
    ({ world, params }) => {
      const asked = readParams(listing, params)
      const all = [...world.state.customers.values()].filter(
        ({ deleted, email, created, testClock }) =>
          !deleted &&
          (asked.email === undefined || email === asked.email) &&
          (asked.test_clock === undefined || testClock === asked.test_clock) &&
          inRange(created, asked.created),
      )
      return pageOf('/v1/customers', all, asked, (each) => showCustomer(world, each))
    },
  ],
  retrieving('/v1/customers', (world, id) =>
    showCustomer(world, found(world.state.customers, 'customer', id)),
  ),
  [
    'POST',
    '/v1/customers/:',
    ({ world, ids: [id = ''], params }) => {
      const customer = customerOf(world, id)
      const given = readParams(update, params)
      customer.email = given.email ?? customer.email
      customer.name = given.name ?? customer.name
      customer.description = given.description ?? customer.description
      customer.metadata = merged(customer.metadata, given.metadata)
      const shown = showCustomer(world, customer)
      world.emit('customer.updated', shown, world.nowS(customer))
      return shown
    },
  ],
  [
    'DELETE',
    '/v1/customers/:',
    ({ world, ids: [id = ''], params }) => {
      readParams(z.strictObject({}), params)
      const customer = customerOf(world, id)
      const atS = world.nowS(customer)
      const now = { invoiceNow: false, prorate: false }
      for (const each of world.state.subscriptions.values()) {
        if (each.customer === id && each.endedAt === null) cancelNow(world, each, now, atS)
      }
      // Its event still tells what it was.
      world.emit('customer.deleted', showCustomer(world, customer), atS)
      customer.deleted = true
      return showCustomer(world, customer)
    },
  ],
]

/** Refuses what only a customer with a card can be asked for. Throws a Refusal. */
export function needCard({ card }: Customer): void {
  if (card !== 'none') return
  const message = 'This customer has no attached payment source or default payment method.'
  throw new Refusal(message, { code: 'resource_missing' })
}
