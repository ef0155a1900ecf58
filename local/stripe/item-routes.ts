import { z } from 'zod'
import type { Route } from './call.ts'
import { expand, flag, metadata, paged, readParams, text } from './params.ts'
import { found, Refusal } from './refusal.ts'
import { onlyExpand } from './retrieving.ts'
import { listOf, showItem } from './show-subscription.ts'
import type { Item, Subscription } from './state.ts'
import { howOf, howToPay, quantity } from './subscription-routes.ts'
import { updateItems } from './update-subscription.ts'
import type { World } from './world.ts'

const newItemOf = z.strictObject({
  subscription: text,
  price: text,
  quantity,
  metadata: metadata.optional(),
  ...howToPay,
  expand,
})
const itemUpdate = z.strictObject({
  price: text.optional(),
  quantity,
  metadata: metadata.optional(),
  ...howToPay,
  expand,
})
const itemDeletion = z.strictObject({ ...howToPay, clear_usage: flag.optional() })

/** The items of subscriptions, each for itself. */
export const itemRoutes: readonly Route[] = [
  [
    'POST',
    '/v1/subscription_items',
    ({ world, params }) => {
      const given = readParams(newItemOf, params)
      const subscription = found(
        world.state.subscriptions,
        'subscription',
        given.subscription,
        'subscription',
      )
      const { price, quantity: many, metadata: named } = given
      const change = { price, quantity: many, metadata: named }
      updateItems(world, subscription, [change], howOf(given), nowOf(world, subscription))
      const items = subscription.pendingUpdate?.items ?? subscription.items
      const item = items.find((each) => each.price === price)
      if (item === undefined) throw new Error('an item was added and is not there')
      return showItem(world, subscription, item)
    },
  ],
  [
    'GET',
    '/v1/subscription_items',
    ({ world, params }) => {
      const asked = readParams(z.strictObject({ ...paged, subscription: text }), params)
      const subscription = found(
        world.state.subscriptions,
        'subscription',
        asked.subscription,
        'subscription',
      )
      const data = subscription.items.map((item) => showItem(world, subscription, item))
      return listOf('/v1/subscription_items', data)
    },
  ],
  [
    'GET',
    '/v1/subscription_items/:',
    ({ world, ids: [id = ''], params }) => {
      readParams(onlyExpand, params)
      const { subscription, item } = itemOf(world, id)
      return showItem(world, subscription, item)
    },
  ],
  [
    'POST',
    '/v1/subscription_items/:',
    ({ world, ids: [id = ''], params }) => {
      const { subscription } = itemOf(world, id)
      const given = readParams(itemUpdate, params)
      const { price, quantity: many, metadata: named } = given
      const change = { id, price, quantity: many, metadata: named }
      updateItems(world, subscription, [change], howOf(given), nowOf(world, subscription))
      return showItem(world, subscription, itemOf(world, id).item)
    },
  ],
  [
    'DELETE',
    '/v1/subscription_items/:',
    ({ world, ids: [id = ''], params }) => {
      const { subscription } = itemOf(world, id)
      const given = readParams(itemDeletion, params)
      const change = { id, deleted: true }
      updateItems(world, subscription, [change], howOf(given), nowOf(world, subscription))
      return { id, object: 'subscription_item', deleted: true }
    },
  ],
]

function nowOf(world: World, { customer }: Subscription): number {
  return world.nowS(world.state.customers.get(customer))
}

function itemOf(world: World, id: string): { subscription: Subscription; item: Item } {
  for (const subscription of world.state.subscriptions.values()) {
    const item = subscription.items.find((each) => each.id === id)
    if (item !== undefined) return { subscription, item }
  }
  throw new Refusal(`No such subscription item: '${id}'`, { status: 404, code: 'resource_missing' })
}
