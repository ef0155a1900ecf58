import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { SubscriptionSeen } from '#core/customer-seen'
import type { Micros } from '#core/instant'
import { PLAN_NAMES, type PlanName } from '#core/plan'
import { planStep, servedItem } from '#core/plan-step'
import { rankOf } from '#core/price-book'
import type { Bill } from '#core/subscription'

const at = (us: number) => us as Micros

function bill(
  paidPlan: PlanName,
  over: Partial<SubscriptionSeen> = {},
  unpaid = false,
  toPay: string | null = null,
): Bill {
  const current: SubscriptionSeen = {
    id: 'sub_1',
    status: 'active',
    createdUs: at(100),
    endedUs: null,
    cancelAtUs: null,
    fromUs: at(100),
    toUs: at(200),
    month: { item: 'si_1', plan: paidPlan },
    overage: [{ item: 'si_2', plan: paidPlan, createdUs: at(100) }],
    pending: false,
    ...over,
  }
  const none = { changes: [], grants: [], graceUntilUs: null, paidOnce: true, second: [] }
  return { ...none, unpaid, toPay, current, paidPlan }
}

const sold = fc.constantFrom<PlanName>('starter', 'pro', 'scale')
const wish = fc.constantFrom<PlanName>(...PLAN_NAMES)

test('from anywhere a plan is reached within five steps, and a larger one is only ever bought from what is paid', () => {
  fc.assert(
    fc.property(sold, sold, fc.boolean(), wish, (paid, agreed, isEnding, wanted) => {
      const month = { item: 'si_1', plan: rankOf(agreed) < rankOf(paid) ? agreed : paid }
      let now = bill(paid, { month, cancelAtUs: isEnding ? at(200) : null })
      for (let steps = 0; steps < 5; steps++) {
        const step = planStep(now, wanted)
        if (now.current === null || now.paidPlan === null) throw new Error('no subscription')
        const { current } = now
        switch (step.kind) {
          case 'add_overage': {
            const item = { item: `si_${step.plan}`, plan: step.plan, createdUs: at(150) }
            now = bill(now.paidPlan, { ...current, overage: [...current.overage, item] })
            break
          }
          case 'set_month': {
            if (step.invoice) {
              expect(current.month?.plan).toBe(now.paidPlan)
              expect(rankOf(step.plan)).toBeGreaterThan(rankOf(now.paidPlan))
              expect(current.overage.map(({ plan }) => plan)).toContain(step.plan)
            }
            const to = { item: step.item, plan: step.plan }
            now = bill(step.invoice ? step.plan : now.paidPlan, { ...current, month: to })
            break
          }
          case 'set_end':
            now = bill(now.paidPlan, {
              ...current,
              cancelAtUs: step.atPeriodEnd ? at(200) : null,
            })
            break
          case 'reached': {
            const ends = current.cancelAtUs !== null
            expect(ends ? 'free' : current.month?.plan).toBe(wanted)
            return
          }
          default:
            throw new Error(step.kind)
        }
      }
      throw new Error('not reached')
    }),
  )
})

test('nothing larger is bought while a month is unpaid, or while another invoice is to be paid', () => {
  expect(planStep(bill('starter', {}, true), 'pro')).toEqual({ kind: 'unpaid' })
  expect(planStep(bill('starter', {}, true), 'free').kind).toBe('set_end')
  const toPay = bill('starter', { pending: true }, false, 'in_1')
  expect(planStep(toPay, 'scale')).toEqual({ kind: 'to_pay' })
})

test('who asks for no larger plan while an upgrade is to be paid has that dropped; who cancels need not wait', () => {
  const toPay = bill('pro', { pending: true }, false, 'in_1')
  expect(planStep(toPay, 'pro')).toEqual({ kind: 'drop_upgrade', invoice: 'in_1' })
  expect(planStep(toPay, 'starter')).toEqual({ kind: 'drop_upgrade', invoice: 'in_1' })
  expect(planStep(toPay, 'free')).toEqual({ kind: 'set_end', atPeriodEnd: true })
})

test('without a subscription a plan needs a Checkout, and none needs nothing', () => {
  const none = { ...bill('starter'), current: null, paidPlan: null }
  expect(planStep(none, 'pro')).toEqual({ kind: 'needs_checkout' })
  expect(planStep(none, 'free')).toEqual({ kind: 'reached' })
})

test('an overage item goes when its period is over and that period’s last invoice is out', () => {
  const overage = [
    { item: 'si_old', plan: 'starter' as const, createdUs: at(100) },
    { item: 'si_new', plan: 'pro' as const, createdUs: at(150) },
  ]
  const next = bill('pro', { fromUs: at(200), toUs: at(300), overage })
  expect(servedItem(next, { draft: false, createdUs: at(200) })).toBe('si_old')
  expect(servedItem(next, { draft: true, createdUs: at(200) })).toBeNull()
  expect(servedItem(next, { draft: false, createdUs: at(190) })).toBeNull()
  expect(servedItem(next, null)).toBeNull()
  const same = bill('pro', { overage })
  expect(servedItem(same, { draft: false, createdUs: at(200) })).toBeNull()
})
