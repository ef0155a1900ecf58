import { amountOf } from './amount.ts'
import type { Invoice, Meter, MeterEvent } from './state.ts'
import type { World } from './world.ts'

const WINDOW_S = { hour: 3600, day: 86_400 } as const

/** What a meter counts of a customer from one second to another, exclusive. */
export function usageOf(
  world: World,
  meter: Meter,
  customer: string,
  from: number,
  to: number,
): number {
  const within = counted(world, meter, customer).filter(({ atS }) => atS >= from && atS < to)
  switch (meter.formula) {
    case 'sum':
      return Math.max(
        0,
        within.reduce((sum, { value }) => sum + value, 0),
      )
    case 'count':
      return within.length
    case 'last':
      return within.toSorted((a, b) => a.atS - b.atS || a.order - b.order).at(-1)?.value ?? 0
  }
}

/** The events of a meter that count: with a window, of each hour or day the one that came last. */
export function counted(world: World, meter: Meter, customer: string): MeterEvent[] {
  const all = world.state.meterEvents.get(`${meter.id} ${customer}`) ?? []
  if (meter.window === null) return all
  const windowS = WINDOW_S[meter.window]
  const latest = new Map<number, MeterEvent>()
  for (const event of all) latest.set(Math.floor(event.atS / windowS), event)
  return [...latest.values()]
}

/** Tells a draft what its metered lines have come to; those of an item that is no more come to nothing. */
export function tellUsage(world: World, invoice: Invoice): void {
  if (invoice.status !== 'draft') return
  const subscription = world.state.subscriptions.get(invoice.subscription)
  for (const line of invoice.lines) {
    const price = world.state.prices.get(line.price)
    const meter = world.state.meters.get(price?.meter ?? '')
    if (!line.metered || price === undefined || meter === undefined) continue
    const there = subscription?.items.some(({ id }) => id === line.item)
    line.quantity = there ? usageOf(world, meter, invoice.customer, line.from, line.to) : 0
    line.amount = amountOf(price, line.quantity)
  }
}
