import { amountOf, partOf } from './amount.ts'
import { billingMonth } from './months.ts'
import { found, Refusal } from './refusal.ts'
import {
  type Item,
  type Line,
  type Metadata,
  newId,
  type Price,
  type Subscription,
} from './state.ts'
import type { World } from './world.ts'

/** What is asked of one item: without an id it is a new one. */
export type ItemChange = {
  readonly id?: string | undefined
  readonly price?: string | undefined
  readonly quantity?: number | undefined
  readonly deleted?: boolean | undefined
  readonly metadata?: Metadata | undefined
}

/** A price that can be subscribed to. Throws a Refusal when there is none. */
export function priceFor(world: World, id: string, param: string): Price {
  const price = found(world.state.prices, 'price', id, param)
  if (price.active) return price
  throw new Refusal('The price specified is inactive. This field only accepts active prices.', {
    param,
  })
}

/** The quantity of an item: what is metered has none. Throws a Refusal. */
export function quantityFor(price: Price, given: number | undefined, param: string): number | null {
  if (!price.metered) return given ?? 1
  if (given === undefined) return null
  throw new Refusal('Quantity should not be specified where usage_type is `metered`.', { param })
}

/** A new item. */
export function newItem(
  price: Price,
  given: number | undefined,
  metadata: Metadata,
  atS: number,
  param: string,
): Item {
  const quantity = quantityFor(price, given, param)
  return { id: newId('si'), created: atS, price: price.id, quantity, metadata }
}

/**
 * A subscription's items after changes, and the lines that make up for the part of the period that is left: credit for what
 * goes, a charge for what comes; by the second of the billing month.
 * Throws a Refusal.
 */
export function changeItems(
  world: World,
  subscription: Subscription,
  changes: readonly ItemChange[],
  atS: number,
): { items: Item[]; prorations: Line[] } {
  let items = subscription.items
  const prorations: Line[] = []
  for (const [index, change] of changes.entries()) {
    const param = (name: string) => `items[${index}][${name}]`
    const before = change.id === undefined ? null : items.find(({ id }) => id === change.id)
    if (before === undefined) {
      const message = `Invalid subscription item: ${change.id}`
      throw new Refusal(message, { code: 'resource_missing', param: param('id') })
    }
    const after = changed(world, before, change, atS, param)
    if (before === null && after !== null) items = [...items, after]
    else items = items.flatMap((item) => (item !== before ? item : after === null ? [] : [after]))
    if (before !== null && after?.price === before.price && after.quantity === before.quantity) {
      continue
    }
    for (const [item, sign] of [
      [before, -1],
      [after, 1],
    ] as const) {
      const line = item && proration(world, subscription, item, sign, atS)
      if (line) prorations.push(line)
    }
  }
  const prices = items.map(({ price }) => price)
  if (new Set(prices).size < prices.length) {
    throw new Refusal('A subscription cannot have several items of one price.', { param: 'items' })
  }
  if (items.length === 0 || items.length > 20) {
    throw new Refusal('A subscription must have 1 to 20 items.', { param: 'items' })
  }
  return { items, prorations }
}

function changed(
  world: World,
  before: Item | null,
  change: ItemChange,
  atS: number,
  param: (name: string) => string,
): Item | null {
  if (change.deleted) {
    if (before !== null) return null
    throw new Refusal('An item to be deleted must be named.', { param: param('id') })
  }
  const id = change.price ?? before?.price
  if (id === undefined) {
    const code = 'parameter_missing'
    throw new Refusal(`Missing required param: ${param('price')}.`, { code, param: param('price') })
  }
  const price = priceFor(world, id, param('price'))
  if (before === null) {
    return newItem(price, change.quantity, change.metadata ?? {}, atS, param('quantity'))
  }
  const quantity = price.metered
    ? quantityFor(price, change.quantity, param('quantity'))
    : (change.quantity ?? before.quantity ?? 1)
  return { ...before, price: id, quantity, metadata: change.metadata ?? before.metadata }
}

/** The line for the rest of the month of one licensed item; null for one that is metered. */
export function proration(
  world: World,
  subscription: Pick<Subscription, 'anchor' | 'periodEnd'>,
  item: Item,
  sign: 1 | -1,
  atS: number,
): Line | null {
  const price = found(world.state.prices, 'price', item.price)
  if (item.quantity === null) return null
  const month = billingMonth(subscription.anchor, atS)
  const whole = amountOf(price, item.quantity)
  const amount = sign * partOf(whole, subscription.periodEnd - atS, month.to - month.from)
  return {
    id: newId('il'),
    amount,
    quantity: item.quantity,
    description: sign < 0 ? 'Unused time' : 'Remaining time',
    from: atS,
    to: subscription.periodEnd,
    price: item.price,
    item: item.id,
    proration: true,
    metered: false,
  }
}
