import { z } from 'zod'
import type { Route } from './call.ts'
import { customerOf } from './customers.ts'
import { pageOf } from './page-of.ts'
import { expand, flag, merged, metadata, paged, readParams, text } from './params.ts'
import { found, missing, Refusal } from './refusal.ts'
import { retrieving } from './retrieving.ts'
import { newId, type Shown } from './state.ts'
import type { World } from './world.ts'

const enabled = z.strictObject({ enabled: flag })
const REASONS = [
  'customer_service',
  'low_quality',
  'missing_features',
  'other',
  'switched_service',
  'too_complex',
  'too_expensive',
  'unused',
] as const
const features = z.strictObject({
  customer_update: z
    .strictObject({
      enabled: flag,
      allowed_updates: z
        .union([
          z.literal('').transform(() => []),
          z.array(z.enum(['address', 'email', 'name', 'phone', 'shipping', 'tax_id'])),
        ])
        .default([]),
    })
    .optional(),
  invoice_history: enabled.optional(),
  payment_method_update: enabled.optional(),
  subscription_cancel: z
    .strictObject({
      enabled: flag,
      mode: z.enum(['at_period_end', 'immediately']).default('at_period_end'),
      proration_behavior: z.enum(['none', 'create_prorations', 'always_invoice']).default('none'),
      cancellation_reason: z
        .strictObject({ enabled: flag, options: z.array(z.enum(REASONS)).default([]) })
        .optional(),
    })
    .optional(),
  // Plans are changed on our own page: more of it than that it is off is not stood in for.
  subscription_update: z.strictObject({ enabled: z.enum(['false']) }).optional(),
})
const common = {
  business_profile: z
    .strictObject({ headline: z.string(), privacy_policy_url: text, terms_of_service_url: text })
    .partial()
    .optional(),
  default_return_url: z.string().optional(),
  metadata: metadata.optional(),
  name: z.string().optional(),
  expand,
}
const creation = z.strictObject({ ...common, features })
const update = z.strictObject({ ...common, features: features.optional(), active: flag.optional() })
const listing = z.strictObject({
  ...paged,
  active: flag.optional(),
  is_default: flag.optional(),
})
const session = z.strictObject({
  customer: text,
  configuration: text.optional(),
  return_url: text.optional(),
  locale: text.optional(),
  flow_data: z
    .strictObject({
      type: z.enum(['payment_method_update', 'subscription_cancel']),
      subscription_cancel: z.strictObject({ subscription: text }).optional(),
    })
    .optional(),
  expand,
})

export const portalRoutes: readonly Route[] = [
  [
    'POST',
    '/v1/billing_portal/configurations',
    ({ world, params }) => {
      const given = readParams(creation, params)
      const first = configurations(world).length === 0
      const nowS = world.nowS()
      const shown = configured(world, given, {
        id: newId('bpc'),
        created: nowS,
        is_default: first,
        active: true,
        updated: nowS,
      })
      world.state.portals.set(String(shown['id']), shown)
      return shown
    },
  ],
  [
    'GET',
    '/v1/billing_portal/configurations',
    ({ world, params }) => {
      const asked = readParams(listing, params)
      const all = configurations(world).filter(
        ({ active, is_default }) =>
          (asked.active === undefined || asked.active === active) &&
          (asked.is_default === undefined || asked.is_default === is_default),
      )
      return pageOf('/v1/billing_portal/configurations', all, asked, (each) => each)
    },
  ],
  retrieving('/v1/billing_portal/configurations', (world, id) =>
    found(world.state.portals, 'configuration', id),
  ),
  [
    'POST',
    '/v1/billing_portal/configurations/:',
    ({ world, ids: [id = ''], params }) => {
      const before = found(world.state.portals, 'configuration', id)
      const given = readParams(update, params)
      const made = configured(world, { ...given, features: given.features ?? {} }, before)
      const shown = {
        ...made,
        active: given.active ?? before['active'],
        features: {
          ...Object(before['features']),
          ...(given.features && Object(made['features'])),
        },
        updated: world.nowS(),
      }
      world.state.portals.set(id, shown)
      return shown
    },
  ],
  [
    'POST',
    '/v1/billing_portal/sessions',
    ({ world, params }) => {
      const given = readParams(session, params)
      const customer = customerOf(world, given.customer, 'customer')
      const asked = given.configuration
      const all = configurations(world)
      const one =
        asked === undefined
          ? all.find(({ is_default }) => is_default === true)
          : all.find(({ id }) => id === asked)
      if (one === undefined) {
        if (asked !== undefined) throw missing('configuration', asked, 'configuration')
        throw new Refusal('No configuration provided and your default has not been created.')
      }
      const cancel = given.flow_data?.subscription_cancel?.subscription
      if ((given.flow_data?.type === 'subscription_cancel') !== (cancel !== undefined)) {
        throw new Refusal('subscription_cancel names the subscription, and only with its type.')
      }
      if (cancel !== undefined) found(world.state.subscriptions, 'subscription', cancel)
      const id = newId('bps')
      const shown = {
        id,
        object: 'billing_portal.session',
        configuration: one.id,
        created: world.nowS(customer),
        customer: customer.id,
        customer_account: null,
        flow: null,
        livemode: world.options.livemode,
        locale: null,
        on_behalf_of: null,
        return_url: given.return_url ?? null,
        url: `${world.url}/portal/${id}`,
      }
      world.state.portals.set(id, shown)
      return shown
    },
  ],
]

type Configuration = Shown & { readonly id: string }

function configurations(world: World): Configuration[] {
  return [...world.state.portals.values()].filter(
    (each): each is Configuration => each['object'] === 'billing_portal.configuration',
  )
}

function configured(
  world: World,
  given: z.output<typeof creation>,
  before: Shown,
): Shown & { readonly id: string } {
  const { customer_update, invoice_history, payment_method_update } = given.features
  const cancel = given.features.subscription_cancel
  const profile = given.business_profile
  const none = { enabled: false }
  return {
    object: 'billing_portal.configuration',
    application: null,
    business_profile: {
      headline: profile?.headline ?? null,
      privacy_policy_url: profile?.privacy_policy_url ?? null,
      terms_of_service_url: profile?.terms_of_service_url ?? null,
    },
    livemode: world.options.livemode,
    login_page: { enabled: false, url: null },
    ...before,
    id: String(before['id']),
    default_return_url: given.default_return_url ?? before['default_return_url'] ?? null,
    metadata: merged(Object(before['metadata'] ?? {}), given.metadata),
    name: given.name ?? before['name'] ?? null,
    features: {
      customer_update: customer_update ?? { enabled: false, allowed_updates: [] },
      invoice_history: invoice_history ?? none,
      payment_method_update: {
        enabled: payment_method_update?.enabled ?? false,
        payment_method_configuration: null,
      },
      subscription_cancel: {
        enabled: cancel?.enabled ?? false,
        mode: cancel?.mode ?? 'at_period_end',
        proration_behavior: cancel?.proration_behavior ?? 'none',
        cancellation_reason: {
          enabled: cancel?.cancellation_reason?.enabled ?? false,
          feedback_options: null,
          options: cancel?.cancellation_reason?.options ?? [],
        },
      },
      subscription_pause: {
        duration: { interval_options: [], type: 'indefinite' },
        enabled: false,
      },
      subscription_update: {
        billing_cycle_anchor: null,
        default_allowed_updates: [],
        enabled: false,
        proration_behavior: 'none',
        schedule_at_period_end: { conditions: [] },
        trial_update_behavior: 'continue_trial',
      },
    },
  }
}
