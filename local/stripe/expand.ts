import { showSession, showSessionLines } from './checkout.ts'
import { Refusal } from './refusal.ts'
import {
  showCharge,
  showCustomer,
  showPaymentIntent,
  showPrice,
  showProduct,
} from './show-catalog.ts'
import { showInvoice, showPayments } from './show-invoice.ts'
import { showSubscription } from './show-subscription.ts'
import type { Shown } from './state.ts'
import type { World } from './world.ts'

/** The deepest that an object may be expanded, as at Stripe. */
const DEEPEST = 4

/** Puts objects in the place of their ids, where a call asks for that. Throws a Refusal for what cannot be expanded. */
export function expandAll(world: World, shown: Shown, paths: unknown): Shown {
  if (!Array.isArray(paths)) return shown
  let all = shown
  for (const path of paths) {
    const keys = String(path).split('.')
    if (keys.length > DEEPEST) throw new Refusal('You cannot expand more than 4 levels deep.')
    all = expandOne(world, all, keys, String(path)) as Shown
  }
  return all
}

function expandOne(world: World, value: unknown, keys: readonly string[], path: string): unknown {
  const [key, ...rest] = keys
  if (key === undefined) return value
  if (Array.isArray(value)) return value.map((each) => expandOne(world, each, keys, path))
  if (typeof value !== 'object' || value === null) return value
  const shown = value as Shown
  const child = childOf(world, shown, key)
  if (child === undefined) {
    throw new Refusal(`This property cannot be expanded (${path}).`, { param: 'expand' })
  }
  return { ...shown, [key]: expandOne(world, child, rest, path) }
}

/** What is under a name, with the object in place of its id; undefined when there is no such name. */
function childOf(world: World, shown: Shown, key: string): unknown {
  const { state } = world
  const id = String(shown['id'])
  const invoice = state.invoices.get(id)
  if (shown['object'] === 'invoice' && key === 'payments' && invoice !== undefined) {
    return showPayments(world, invoice)
  }
  const session = state.sessions.get(id)
  if (key === 'line_items' && session !== undefined) return showSessionLines(world, session)
  const price = state.prices.get(id)
  if (key === 'tiers' && price !== undefined) {
    return price.tiers?.map(({ upTo, unit }) => ({
      flat_amount: null,
      flat_amount_decimal: null,
      unit_amount: /^\d+$/.test(unit) ? Number(unit) : null,
      unit_amount_decimal: unit,
      up_to: upTo,
    }))
  }
  const there = shown[key]
  return typeof there === 'string' ? objectOf(world, there) : there
}

function objectOf(world: World, id: string): Shown | undefined {
  const { state } = world
  const [customer, subscription] = [state.customers.get(id), state.subscriptions.get(id)]
  if (customer !== undefined) return showCustomer(world, customer)
  if (subscription !== undefined) return showSubscription(world, subscription)
  const [invoice, session] = [state.invoices.get(id), state.sessions.get(id)]
  if (invoice !== undefined) return showInvoice(world, invoice)
  if (session !== undefined) return showSession(world, session)
  const [price, product] = [state.prices.get(id), state.products.get(id)]
  if (price !== undefined) return showPrice(world, price)
  if (product !== undefined) return showProduct(world, product)
  const paid = state.invoices.get(id.replace(/^(?:ch|pi)_/, 'in_'))
  if (paid === undefined) return undefined
  return id.startsWith('pi_') ? showPaymentIntent(world, paid) : showCharge(world, paid)
}
