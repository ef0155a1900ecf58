import fc from 'fast-check'
import { expect, test } from 'vitest'
import { billDifference, type StoredBill } from '#core/bill-difference'
import type { CustomerSeen, InvoiceSeen, SubscriptionSeen } from '#core/customer-seen'
import type { Micros } from '#core/instant'
import { proratedCredits } from '#core/period'
import { PLANS, type PlanName } from '#core/plan'
import { rankOf } from '#core/price-book'
import { billOf } from '#core/subscription'

const at = (day: number, month = 11) => (Date.UTC(2026, month - 1, day) * 1000) as Micros
const DECEMBER = at(1, 12)
const JANUARY = at(1, 13)
const FREE = PLANS.free.credits
const PAID: readonly PlanName[] = ['starter', 'pro', 'scale']

function subscription(over: Partial<SubscriptionSeen> = {}): SubscriptionSeen {
  return {
    id: 'sub_1',
    status: 'active',
    createdUs: at(10),
    endedUs: null,
    cancelAtUs: null,
    fromUs: at(10),
    toUs: DECEMBER,
    month: { item: 'si_1', plan: 'starter' },
    overage: [],
    pending: false,
    ...over,
  }
}

function invoice(over: Partial<InvoiceSeen> = {}): InvoiceSeen {
  return {
    id: 'in_1',
    subscription: 'sub_1',
    reason: 'create',
    status: 'paid',
    createdUs: at(10),
    attempted: true,
    paidCents: 2600,
    finalizedUs: at(10),
    paidUs: at(10),
    lostUs: null,
    lines: [{ plan: 'starter', cents: 2600, fromUs: at(10), toUs: DECEMBER }],
    ...over,
  }
}

const month = (over: Partial<InvoiceSeen> = {}) =>
  invoice({
    id: 'in_2',
    reason: 'cycle',
    createdUs: DECEMBER,
    finalizedUs: at(2, 12),
    paidUs: at(2, 12),
    lines: [{ plan: 'starter', cents: 3900, fromUs: DECEMBER, toUs: JANUARY }],
    ...over,
  })

const unpaid = { status: 'open', paidUs: null, paidCents: 0 } as const
const december = subscription({ fromUs: DECEMBER, toUs: JANUARY })

test('a first invoice that is not paid gives neither plan nor credits', () => {
  const seen = { subscriptions: [subscription()], invoices: [invoice(unpaid)] }
  const bill = billOf(seen, FREE, at(11))
  expect(bill).toMatchObject({ changes: [], grants: [], current: null, paidOnce: false })
})

test('a first invoice that is paid gives the plan from then on, and credits to the month’s end', () => {
  const bill = billOf({ subscriptions: [subscription()], invoices: [invoice()] }, FREE, at(11))
  expect(bill.changes).toEqual([{ plan: 'starter', fromUs: at(10), source: 'invoice:in_1' }])
  const credits = proratedCredits(500_000, at(10))
  expect(bill.grants).toEqual([{ source: 'invoice:in_1', monthUs: at(1), credits }])
})

test('at a month’s very begin the credits come once, not by the plan and by the grant', () => {
  const first = invoice({
    paidUs: DECEMBER,
    lines: [{ plan: 'starter', cents: 3900, fromUs: DECEMBER, toUs: JANUARY }],
  })
  const bill = billOf({ subscriptions: [december], invoices: [first] }, FREE, at(3, 12))
  expect(bill.changes[0]?.fromUs).toBe(DECEMBER + 1)
  expect(bill.grants[0]?.credits).toBe(500_000)
})

test('an unpaid month leaves the plan for seven days, then takes it and its credits, and gives both back when it is paid', () => {
  const seen = (over: Partial<InvoiceSeen>) => ({
    subscriptions: [december],
    invoices: [invoice(), month(over)],
  })
  const during = billOf(seen(unpaid), FREE, at(5, 12))
  expect(during).toMatchObject({ graceUntilUs: at(9, 12), unpaid: true })
  expect(during.grants.length).toBe(1)
  const after = billOf(seen(unpaid), FREE, at(9, 12))
  expect(after.graceUntilUs).toBeNull()
  expect(after.changes).toContainEqual({ plan: 'free', fromUs: at(9, 12), source: 'unpaid:in_2' })
  const taken = { source: 'unpaid:in_2', monthUs: DECEMBER, credits: FREE - 500_000 }
  expect(after.grants).toContainEqual(taken)
  const paid = billOf(seen({ paidUs: at(12, 12) }), FREE, at(13, 12))
  expect(paid.changes).toContainEqual({
    plan: 'starter',
    fromUs: at(12, 12),
    source: 'repaid:in_2',
  })
  expect(paid.grants).toContainEqual({ ...taken, source: 'repaid:in_2', credits: 500_000 - FREE })
})

test('a month that begins while an earlier one is unpaid has its credits when it is paid', () => {
  const january = month({
    id: 'in_3',
    createdUs: JANUARY,
    finalizedUs: at(2, 13),
    paidUs: at(3, 13),
    lines: [{ plan: 'starter', cents: 3900, fromUs: JANUARY, toUs: at(1, 14) }],
  })
  const invoices = [invoice(), month(unpaid), january]
  const subscriptions = [subscription({ fromUs: JANUARY, toUs: at(1, 14) })]
  const { grants } = billOf({ subscriptions, invoices }, FREE, at(4, 13))
  const ofJanuary = grants.filter(({ monthUs }) => monthUs === JANUARY)
  expect(ofJanuary).toEqual([{ source: 'repaid:in_3', monthUs: JANUARY, credits: 490_000 }])
})

test('what is owed of a subscription that has ended takes nothing from the next one', () => {
  const ended = subscription({ endedUs: DECEMBER })
  const last = month({ ...unpaid, lines: [] })
  const next = subscription({ id: 'sub_2', fromUs: DECEMBER, toUs: JANUARY })
  const begin = (DECEMBER + 5_000_000) as Micros
  const first = invoice({
    id: 'in_9',
    subscription: 'sub_2',
    paidUs: begin,
    lines: [{ plan: 'starter', cents: 3900, fromUs: begin, toUs: JANUARY }],
  })
  const seen = { subscriptions: [ended, next], invoices: [invoice(), last, first] }
  const bill = billOf(seen, FREE, at(20, 12))
  expect(bill).toMatchObject({ unpaid: true, paidPlan: 'starter', graceUntilUs: null })
  const latest = bill.changes.toSorted((a, b) => a.fromUs - b.fromUs).at(-1)
  expect(latest).toMatchObject({ plan: 'starter', source: 'invoice:in_9' })
})

test('of two subscriptions that are paid the first counts, and nothing comes from the second', () => {
  const second = subscription({ id: 'sub_2', month: { item: 'si_2', plan: 'scale' } })
  const its = invoice({
    id: 'in_9',
    subscription: 'sub_2',
    paidUs: at(11),
    lines: [{ plan: 'scale', cents: 9900, fromUs: at(11), toUs: DECEMBER }],
  })
  const seen = { subscriptions: [second, subscription()], invoices: [its, invoice()] }
  const bill = billOf(seen, FREE, at(12))
  expect(bill.second).toEqual(['sub_2'])
  expect(bill.current?.id).toBe('sub_1')
  expect(bill.grants.map(({ source }) => source)).toEqual(['invoice:in_1'])
})

test('of two that were paid in one second the one that was made first counts, whatever their ids', () => {
  for (const id of ['sub_0', 'sub_2']) {
    const second = subscription({ id })
    const its = invoice({ id: 'in_9', subscription: id })
    const seen = { subscriptions: [second, subscription()], invoices: [its, invoice()] }
    expect(billOf(seen, FREE, at(12)).second).toEqual([id])
  }
})

test('a smaller plan that is agreed lies ahead, and is taken back while it does', () => {
  const seen = (plan: PlanName) => ({
    subscriptions: [subscription({ month: { item: 'si_1', plan } })],
    invoices: [invoice({ lines: [{ plan: 'pro', cents: 9900, fromUs: at(10), toUs: DECEMBER }] })],
  })
  const agreed = billOf(seen('starter'), FREE, at(12))
  const store = apply(NOTHING, billDifference(NOTHING, agreed, at(12)))
  expect(store.changes.map(({ plan, fromUs }) => [plan, fromUs])).toContainEqual([
    'starter',
    DECEMBER,
  ])
  const back = billDifference(store, billOf(seen('pro'), FREE, at(13)), at(13))
  expect(back).toMatchObject({ removed: [`next:sub_1:${DECEMBER}`], changes: [], grants: [] })
})

test('a cancellation taken back in the month’s last second, and seen after it, is no end; a later one is', () => {
  const cancelled = subscription({ cancelAtUs: DECEMBER })
  const invoices = [invoice(), month()]
  const before = billOf({ subscriptions: [cancelled], invoices: [invoice()] }, FREE, at(20))
  let store = apply(NOTHING, billDifference(NOTHING, before, at(20)))
  const goesOn = billOf({ subscriptions: [december], invoices }, FREE, at(2, 12))
  const taken = billDifference(store, goesOn, at(2, 12))
  expect(taken.removed).toEqual(['ended:sub_1'])
  // Or nobody looked until it was cancelled again.
  const again = subscription({ fromUs: DECEMBER, toUs: JANUARY, cancelAtUs: JANUARY })
  const ends = billOf({ subscriptions: [again], invoices }, FREE, at(3, 12))
  store = apply(store, billDifference(store, ends, at(3, 12)))
  const latest = store.changes.toSorted((a, b) => a.fromUs - b.fromUs).at(-1)
  expect(latest).toEqual({ plan: 'free', fromUs: JANUARY, source: 'ended:sub_1' })
})

const NOTHING: StoredBill = { changes: [], granted: new Set() }

function apply(
  stored: StoredBill,
  { removed, changes, grants }: ReturnType<typeof billDifference>,
): StoredBill {
  return {
    changes: [...stored.changes.filter(({ source }) => !removed.includes(source)), ...changes],
    granted: new Set([...stored.granted, ...grants.map(({ source }) => source)]),
  }
}

/** A life at Stripe: what happened when; what is seen at a time is what had happened by then. */
const life = fc
  .record({
    first: fc.integer({ min: 0, max: 25 }),
    upgrades: fc.array(fc.tuple(fc.integer({ min: 1, max: 28 }), fc.nat(2)), { maxLength: 4 }),
    start: fc.nat(2),
    payAfter: fc.option(fc.integer({ min: 0, max: 20 }), { nil: null }),
    endAfter: fc.option(fc.integer({ min: 0, max: 60 }), { nil: null }),
  })
  .map(({ first, upgrades, start, payAfter, endAfter }) => {
    const begin = at(1 + first)
    const line = (plan: PlanName, cents: number, fromUs: Micros) => ({
      plan,
      cents,
      fromUs,
      toUs: DECEMBER,
    })
    let plan = PAID[start] ?? 'pro'
    const invoices = [
      invoice({
        createdUs: begin,
        finalizedUs: begin,
        paidUs: begin,
        lines: [line(plan, 100, begin)],
      }),
    ]
    for (const [after, to] of upgrades.toSorted(([a], [b]) => a - b)) {
      const next = PAID[to] ?? 'pro'
      const when = (begin + after * 86_400_000_000) as Micros
      if (rankOf(next) <= rankOf(plan) || when >= DECEMBER) continue
      const id = `in_up${invoices.length}`
      const lines = [line(plan, -50, when), line(next, 100, when)]
      invoices.push(
        invoice({ id, reason: 'update', createdUs: when, finalizedUs: when, paidUs: when, lines }),
      )
      plan = next
    }
    const drafted = DECEMBER + 2 * 86_400_000_000
    const paidUs = payAfter === null ? null : ((drafted + payAfter * 86_400_000_000) as Micros)
    invoices.push(
      month({
        finalizedUs: drafted as Micros,
        paidUs,
        lines: [{ plan, cents: 3900, fromUs: DECEMBER, toUs: JANUARY }],
      }),
    )
    const endedUs = endAfter === null ? null : ((begin + endAfter * 86_400_000_000) as Micros)
    return { invoices, endedUs, plan, begin }
  })

type Life = typeof life extends fc.Arbitrary<infer Value> ? Value : never

function seenAt({ invoices, endedUs, plan, begin }: Life, nowUs: Micros): CustomerSeen {
  const isEnded = endedUs !== null && endedUs <= nowUs
  const over = nowUs >= DECEMBER
  const then = invoices.filter(
    ({ createdUs }) => createdUs <= nowUs && (endedUs === null || createdUs < endedUs),
  )
  return {
    subscriptions: [
      subscription({
        createdUs: begin,
        fromUs: over ? DECEMBER : begin,
        toUs: over ? JANUARY : DECEMBER,
        month: { item: 'si_1', plan },
        endedUs: isEnded ? endedUs : null,
      }),
    ],
    invoices: then.map((one) =>
      one.paidUs !== null && one.paidUs <= nowUs
        ? one
        : {
            ...one,
            ...unpaid,
            status: (one.finalizedUs ?? 0) <= nowUs ? ('open' as const) : ('draft' as const),
            finalizedUs: (one.finalizedUs ?? 0) <= nowUs ? one.finalizedUs : null,
          },
    ),
  }
}

const END = at(20, 13)
const days = fc.array(fc.integer({ min: 0, max: 70 }), { maxLength: 8 })

test('however often and whenever it was looked at before, what is stored in the end yields the same plan and credits', () => {
  fc.assert(
    fc.property(life, days, (one, looks) => {
      const fold = (times: readonly number[]) => {
        let store = NOTHING
        const credits = new Map<string, number>()
        for (const nowUs of [...times, END] as Micros[]) {
          if (nowUs < one.begin) continue
          const bill = billOf(seenAt(one, nowUs), FREE, nowUs)
          const difference = billDifference(store, bill, nowUs)
          for (const { source, credits: so } of difference.grants) credits.set(source, so)
          store = apply(store, difference)
        }
        const latest = store.changes.toSorted((a, b) => a.fromUs - b.fromUs).at(-1)
        return { plan: latest?.plan, credits: Object.fromEntries([...credits].sort()) }
      }
      const times = looks.toSorted((a, b) => a - b).map((day) => at(1) + day * 86_400_000_000)
      expect(fold(times.flatMap((us) => [us, us]))).toEqual(fold([]))
    }),
    { numRuns: 300 },
  )
})

test('no life yields more credits of its first month than its paid lines pay for', () => {
  fc.assert(
    fc.property(life, (one) => {
      const { grants } = billOf(seenAt(one, END), FREE, END)
      const got = grants
        .filter(({ monthUs }) => monthUs === at(1))
        .reduce((sum, { credits }) => sum + credits, 0)
      const lines = one.invoices
        .filter(
          ({ reason, createdUs }) =>
            reason !== 'cycle' && (one.endedUs === null || createdUs < one.endedUs),
        )
        .flatMap(({ lines }) => lines)
      const bought = lines.reduce((sum, { plan, cents, fromUs }) => {
        return sum + Math.sign(cents) * proratedCredits(PLANS[plan].credits, fromUs)
      }, 0)
      expect(got).toBeLessThanOrEqual(bought + one.invoices.length)
      expect(got).toBeLessThanOrEqual(proratedCredits(PLANS.scale.credits, one.begin))
    }),
    { numRuns: 300 },
  )
})
