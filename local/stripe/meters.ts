import { z } from 'zod'
import type { Route } from './call.ts'
import { pageOf } from './page-of.ts'
import { expand, paged, readParams, text, whole } from './params.ts'
import { found, Refusal } from './refusal.ts'
import { onlyExpand, retrieving } from './retrieving.ts'
import { showMeter } from './show-catalog.ts'
import { type Meter, newId, type Shown } from './state.ts'
import { counted, usageOf } from './usage.ts'
import type { World } from './world.ts'

const DAY_S = 86_400
const OLDEST_S = 35 * DAY_S
const AHEAD_S = 300

const creation = z.strictObject({
  display_name: text.max(250),
  event_name: text.max(100),
  default_aggregation: z.strictObject({ formula: z.enum(['sum', 'count', 'last']) }),
  event_time_window: z.enum(['hour', 'day']).optional(),
  customer_mapping: z
    .strictObject({ type: z.enum(['by_id']), event_payload_key: text.max(100) })
    .optional(),
  value_settings: z.strictObject({ event_payload_key: text.max(100) }).optional(),
  expand,
})
const listing = z.strictObject({ ...paged, status: z.enum(['active', 'inactive']).optional() })
const meterEvent = z.strictObject({
  event_name: text.max(100),
  payload: z.record(z.string().max(100), z.string()),
  identifier: text.max(100).optional(),
  timestamp: whole.optional(),
  expand,
})
const summaries = z.strictObject({
  ...paged,
  customer: text,
  start_time: whole,
  end_time: whole,
  value_grouping_window: z.enum(['hour', 'day']).optional(),
})

export const meterRoutes: readonly Route[] = [
  [
    'POST',
    '/v1/billing/meters',
    ({ world, params }) => {
      const given = readParams(creation, params)
      const meter: Meter = {
        id: newId('mtr'),
        created: world.nowS(),
        displayName: given.display_name,
        eventName: given.event_name,
        formula: given.default_aggregation.formula,
        window: given.event_time_window ?? null,
        customerKey: given.customer_mapping?.event_payload_key ?? 'stripe_customer_id',
        valueKey: given.value_settings?.event_payload_key ?? 'value',
        deactivatedAt: null,
      }
      if (meterOf(world, meter.eventName) !== undefined) {
        throw new Refusal('A meter with this event name already exists.', {
          code: 'resource_already_exists',
          param: 'event_name',
        })
      }
      world.state.meters.set(meter.id, meter)
      const shown = showMeter(world, meter)
      world.emit('billing.meter.created', shown, meter.created)
      return shown
    },
  ],
  [
    'GET',
    '/v1/billing/meters',
    ({ world, params }) => {
      const asked = readParams(listing, params)
      const all = [...world.state.meters.values()].filter(
        ({ deactivatedAt }) =>
          asked.status === undefined || (asked.status === 'active') === (deactivatedAt === null),
      )
      return pageOf('/v1/billing/meters', all, asked, (each) => showMeter(world, each))
    },
  ],
  retrieving('/v1/billing/meters', (world, id) =>
    showMeter(world, found(world.state.meters, 'billing.meter', id)),
  ),
  [
    'POST',
    '/v1/billing/meters/:',
    ({ world, ids: [id = ''], params }) => {
      const meter = found(world.state.meters, 'billing.meter', id)
      const update = z.strictObject({ display_name: text.optional(), expand })
      meter.displayName = readParams(update, params).display_name ?? meter.displayName
      const shown = showMeter(world, meter)
      world.emit('billing.meter.updated', shown, world.nowS())
      return shown
    },
  ],
  [
    'POST',
    '/v1/billing/meters/:/deactivate',
    ({ world, ids: [id = ''], params }) => {
      readParams(onlyExpand, params)
      const meter = found(world.state.meters, 'billing.meter', id)
      meter.deactivatedAt ??= world.nowS()
      const shown = showMeter(world, meter)
      world.emit('billing.meter.deactivated', shown, world.nowS())
      return shown
    },
  ],
  ['POST', '/v1/billing/meter_events', ({ world, params }) => takeEvent(world, params)],
  [
    'GET',
    '/v1/billing/meters/:/event_summaries',
    ({ world, params, ids: [id = ''] }) => summarize(world, id, params),
  ],
]

function meterOf(world: World, eventName: string): Meter | undefined {
  return [...world.state.meters.values()].find((each) => each.eventName === eventName)
}

function takeEvent(world: World, params: Readonly<Record<string, unknown>>): Shown {
  const given = readParams(meterEvent, params)
  const meter = meterOf(world, given.event_name)
  const id = given.payload[meter?.customerKey ?? 'stripe_customer_id']
  const customer = id === undefined ? undefined : world.state.customers.get(id)
  const nowS = world.nowS(customer)
  const atS = given.timestamp ?? nowS
  if (atS < nowS - OLDEST_S || atS > nowS + AHEAD_S) {
    const message = 'The timestamp must be within the past 35 days and at most 5 minutes ahead.'
    const code = atS > nowS ? 'timestamp_in_future' : 'timestamp_too_far_in_past'
    throw new Refusal(message, { code, param: 'timestamp' })
  }
  const value = given.payload[meter?.valueKey ?? 'value']
  if (value === undefined || !/^-?\d{1,15}$/.test(value)) {
    throw new Refusal('The value must be a whole number.', {
      code: 'meter_event_invalid_value',
      param: 'payload[value]',
    })
  }
  const identifier = given.identifier ?? newId('mevt')
  const seenS = world.state.identifiers.get(`${given.event_name} ${identifier}`)
  if (seenS !== undefined && nowS - seenS < DAY_S) {
    throw new Refusal(`An event already exists with identifier ${identifier}.`, {
      code: 'resource_already_exists',
      param: 'identifier',
    })
  }
  world.state.identifiers.set(`${given.event_name} ${identifier}`, nowS)
  if (meter === undefined) reportNoMeter(world, given.event_name, nowS)
  else if (meter.deactivatedAt !== null) report(world, meter, 'archived_meter', identifier, nowS)
  else if (id === undefined) {
    report(world, meter, 'meter_event_no_customer_defined', identifier, nowS)
  } else if (customer === undefined || customer.deleted) {
    report(world, meter, 'meter_event_customer_not_found', identifier, nowS)
  } else {
    const key = `${meter.id} ${customer.id}`
    const all = world.state.meterEvents.get(key) ?? []
    world.state.order += 1
    const { order } = world.state
    all.push({
      meter: meter.id,
      customer: customer.id,
      identifier,
      atS,
      value: Number(value),
      order,
    })
    world.state.meterEvents.set(key, all)
  }
  return {
    object: 'billing.meter_event',
    created: nowS,
    event_name: given.event_name,
    identifier,
    livemode: world.options.livemode,
    payload: given.payload,
    timestamp: atS,
  }
}

/** Says, as Stripe does later and by a thin event alone, that an event of a meter could not be counted. */
export function report(
  world: World,
  meter: Meter,
  code: string,
  identifier: string,
  atS: number,
): void {
  const at = new Date(atS * 1000).toISOString()
  const sample = { error_message: code, request: { identifier } }
  world.emitThin(
    'v1.billing.meter.error_report_triggered',
    {
      related_object: {
        id: meter.id,
        type: 'billing.meter',
        url: `/v1/billing/meters/${meter.id}`,
      },
      data: {
        developer_message_summary: `There is 1 invalid event: ${code}`,
        reason: {
          error_count: 1,
          error_types: [{ code, error_count: 1, sample_errors: [sample] }],
        },
        validation_start: at,
        validation_end: at,
      },
    },
    atS,
  )
}

function reportNoMeter(world: World, eventName: string, atS: number): void {
  const at = new Date(atS * 1000).toISOString()
  const data = {
    developer_message_summary: `There is no meter for ${eventName}`,
    reason: {
      error_count: 1,
      error_types: [{ code: 'no_meter', error_count: 1, sample_errors: [] }],
    },
    validation_start: at,
    validation_end: at,
  }
  world.emitThin('v1.billing.meter.no_meter_found', { data }, atS)
}

function summarize(world: World, id: string, params: Readonly<Record<string, unknown>>): Shown {
  const asked = readParams(summaries, params)
  const meter = found(world.state.meters, 'billing.meter', id)
  found(world.state.customers, 'customer', asked.customer, 'customer')
  const { start_time: from, end_time: to, value_grouping_window: grouping } = asked
  const windowS = grouping === 'hour' ? 3600 : grouping === 'day' ? DAY_S : null
  const alignedTo = windowS ?? 60
  if (from % alignedTo !== 0 || to % alignedTo !== 0 || from >= to) {
    throw new Refusal(`Times must be aligned to ${alignedTo} s, the start before the end.`, {
      param: 'start_time',
    })
  }
  const show = (begin: number, end: number) => ({
    id: `mtrusg_${meter.id.slice(4, 12)}_${asked.customer.slice(4, 12)}_${begin}`,
    object: 'billing.meter_event_summary',
    aggregated_value: usageOf(world, meter, asked.customer, begin, end),
    end_time: end,
    livemode: world.options.livemode,
    meter: meter.id,
    start_time: begin,
  })
  if (windowS === null) return pageOf(`/v1/billing/meters/${id}`, [show(from, to)], asked, same)
  const begins = new Set(
    counted(world, meter, asked.customer)
      .filter(({ atS }) => atS >= from && atS < to)
      .map(({ atS }) => atS - (atS % windowS)),
  )
  const all = [...begins].sort((a, b) => a - b).map((begin) => show(begin, begin + windowS))
  return pageOf(`/v1/billing/meters/${id}/event_summaries`, all, asked, same)
}

function same(shown: Shown): Shown {
  return shown
}
