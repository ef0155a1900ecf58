import { z } from 'zod'
import type { Route } from './call.ts'
import { pageOf } from './page-of.ts'
import {
  decimal,
  expand,
  flag,
  inRange,
  merged,
  metadata,
  paged,
  range,
  readParams,
  text,
  whole,
} from './params.ts'
import { found, missing, Refusal } from './refusal.ts'
import { retrieving } from './retrieving.ts'
import { showPrice, showProduct } from './show-catalog.ts'
import { newId, type Price, type Product } from './state.ts'
import type { World } from './world.ts'

const productFields = {
  active: flag.optional(),
  description: z.string().optional(),
  unit_label: z.string().optional(),
  metadata: metadata.optional(),
  expand,
}
const newProduct = z.strictObject({ ...productFields, name: text, id: text.optional() })
const productUpdate = z.strictObject({ ...productFields, name: text.optional() })
const productListing = z.strictObject({
  ...paged,
  active: flag.optional(),
  ids: z.array(text).optional(),
  created: range,
})
const cents = whole.pipe(z.int().min(0))
const newPrice = z.strictObject({
  product: text,
  currency: z.enum(['usd']),
  active: flag.default(true),
  billing_scheme: z.enum(['per_unit', 'tiered']).default('per_unit'),
  unit_amount: cents.optional(),
  unit_amount_decimal: decimal.optional(),
  tiers: z
    .array(
      z.strictObject({
        up_to: z.union([z.literal('inf'), whole.pipe(z.int().min(1))]),
        unit_amount: cents.optional(),
        unit_amount_decimal: decimal.optional(),
      }),
    )
    .optional(),
  tiers_mode: z.enum(['graduated']).optional(),
  transform_quantity: z
    .strictObject({ divide_by: whole.pipe(z.int().min(1)), round: z.enum(['up', 'down']) })
    .optional(),
  recurring: z.strictObject({
    interval: z.enum(['month']),
    interval_count: z.enum(['1']).optional(),
    usage_type: z.enum(['licensed', 'metered']).default('licensed'),
    meter: text.optional(),
  }),
  lookup_key: text.max(200).optional(),
  transfer_lookup_key: flag.default(false),
  nickname: text.optional(),
  metadata: metadata.optional(),
  tax_behavior: z.enum(['unspecified']).optional(),
  expand,
})
const priceUpdate = z.strictObject({
  active: flag.optional(),
  lookup_key: text.max(200).optional(),
  transfer_lookup_key: flag.default(false),
  nickname: text.optional(),
  metadata: metadata.optional(),
  expand,
})
const priceListing = z.strictObject({
  ...paged,
  active: flag.optional(),
  currency: z.enum(['usd']).optional(),
  lookup_keys: z.array(text).max(10).optional(),
  product: text.optional(),
  type: z.enum(['recurring', 'one_time']).optional(),
  created: range,
})

export const catalogRoutes: readonly Route[] = [
  [
    'POST',
    '/v1/products',
    ({ world, params }) => {
      const given = readParams(newProduct, params)
      const id = given.id ?? newId('prod')
      if (world.state.products.has(id)) {
        throw new Refusal('Product already exists.', {
          code: 'resource_already_exists',
          param: 'id',
        })
      }
      const product: Product = {
        id,
        created: world.nowS(),
        name: given.name,
        description: given.description ?? null,
        active: given.active ?? true,
        unitLabel: given.unit_label ?? null,
        metadata: merged({}, given.metadata),
      }
      world.state.products.set(id, product)
      const shown = showProduct(world, product)
      world.emit('product.created', shown, product.created)
      return shown
    },
  ],
  [
    'GET',
    '/v1/products',
    ({ world, params }) => {
      const asked = readParams(productListing, params)
      const all = [...world.state.products.values()].filter(
        ({ id, active, created }) =>
          (asked.active === undefined || active === asked.active) &&
          (asked.ids === undefined || asked.ids.includes(id)) &&
          inRange(created, asked.created),
      )
      return pageOf('/v1/products', all, asked, (each) => showProduct(world, each))
    },
  ],
  retrieving('/v1/products', (world, id) =>
    showProduct(world, found(world.state.products, 'product', id)),
  ),
  [
    'POST',
    '/v1/products/:',
    ({ world, ids: [id = ''], params }) => {
      const product = found(world.state.products, 'product', id)
      const given = readParams(productUpdate, params)
      product.name = given.name ?? product.name
      product.description = given.description ?? product.description
      product.active = given.active ?? product.active
      product.unitLabel = given.unit_label ?? product.unitLabel
      product.metadata = merged(product.metadata, given.metadata)
      const shown = showProduct(world, product)
      world.emit('product.updated', shown, world.nowS())
      return shown
    },
  ],
  [
    'POST',
    '/v1/prices',
    ({ world, params }) => {
      const given = readParams(newPrice, params)
      found(world.state.products, 'product', given.product, 'product')
      const price = priceOf(world, given)
      if (given.lookup_key !== undefined) {
        takeLookupKey(world, given.lookup_key, given.transfer_lookup_key)
      }
      world.state.prices.set(price.id, price)
      const shown = showPrice(world, price)
      world.emit('price.created', shown, price.created)
      return shown
    },
  ],
  [
    'GET',
    '/v1/prices',
    ({ world, params }) => {
      const asked = readParams(priceListing, params)
      const all = [...world.state.prices.values()].filter(
        ({ active, lookupKey, product, created }) =>
          (asked.active === undefined || active === asked.active) &&
          (asked.lookup_keys === undefined || asked.lookup_keys.includes(lookupKey ?? '')) &&
          (asked.product === undefined || asked.product === product) &&
          asked.type !== 'one_time' &&
          inRange(created, asked.created),
      )
      return pageOf('/v1/prices', all, asked, (each) => showPrice(world, each))
    },
  ],
  retrieving('/v1/prices', (world, id) => showPrice(world, found(world.state.prices, 'price', id))),
  [
    'POST',
    '/v1/prices/:',
    ({ world, ids: [id = ''], params }) => {
      const price = found(world.state.prices, 'price', id)
      const given = readParams(priceUpdate, params)
      if (given.lookup_key !== undefined && given.lookup_key !== price.lookupKey) {
        takeLookupKey(world, given.lookup_key, given.transfer_lookup_key)
        price.lookupKey = given.lookup_key
      }
      price.active = given.active ?? price.active
      price.nickname = given.nickname ?? price.nickname
      price.metadata = merged(price.metadata, given.metadata)
      const shown = showPrice(world, price)
      world.emit('price.updated', shown, world.nowS())
      return shown
    },
  ],
]

function priceOf(world: World, given: z.output<typeof newPrice>): Price {
  const { recurring, tiers, unit_amount, unit_amount_decimal, transform_quantity } = given
  const metered = recurring.usage_type === 'metered'
  if (metered !== (recurring.meter !== undefined)) {
    throw new Refusal('A metered price needs a meter, and no other may have one.', {
      param: 'recurring[meter]',
    })
  }
  if (recurring.meter !== undefined) {
    const meter = world.state.meters.get(recurring.meter)
    if (meter === undefined) throw missing('meter', recurring.meter, 'recurring[meter]')
    if (meter.deactivatedAt !== null) throw new Refusal('The meter is inactive.')
  }
  const tiered = given.billing_scheme === 'tiered'
  const amounts = [unit_amount, unit_amount_decimal].filter((each) => each !== undefined)
  if (tiered !== (tiers !== undefined) || tiered !== (given.tiers_mode !== undefined)) {
    throw new Refusal('tiers and tiers_mode belong to the billing scheme `tiered`.', {
      param: 'tiers',
    })
  }
  if (amounts.length !== (tiered ? 0 : 1) || (tiered && transform_quantity !== undefined)) {
    throw new Refusal('One of unit_amount and unit_amount_decimal is needed, without tiers.', {
      param: 'unit_amount',
    })
  }
  return {
    id: newId('price'),
    created: world.nowS(),
    product: given.product,
    active: given.active,
    lookupKey: given.lookup_key ?? null,
    nickname: given.nickname ?? null,
    metadata: merged({}, given.metadata),
    unit: tiered ? null : String(amounts[0]),
    tiers: tiers === undefined ? null : tiersOf(tiers),
    transform: transform_quantity
      ? { divideBy: transform_quantity.divide_by, round: transform_quantity.round }
      : null,
    meter: recurring.meter ?? null,
    metered,
  }
}

function tiersOf(given: NonNullable<z.output<typeof newPrice>['tiers']>): Price['tiers'] {
  if (given.at(-1)?.up_to !== 'inf' || given.filter(({ up_to }) => up_to === 'inf').length > 1) {
    throw new Refusal('The last tier, and it alone, must reach to inf.', { param: 'tiers' })
  }
  return given.map(({ up_to, unit_amount, unit_amount_decimal }) => ({
    upTo: up_to === 'inf' ? null : up_to,
    unit: unit_amount_decimal ?? String(unit_amount ?? 0),
  }))
}

function takeLookupKey(world: World, key: string, transfer: boolean): void {
  const other = [...world.state.prices.values()].find(({ lookupKey }) => lookupKey === key)
  if (other === undefined) return
  if (transfer) {
    other.lookupKey = null
    return
  }
  throw new Refusal(`A price (${other.id}) already uses that lookup key.`, {
    code: 'resource_already_exists',
    param: 'lookup_key',
  })
}
