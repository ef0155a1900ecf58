import { type Micros, printInstant } from '#core/instant'
import type { Plan } from '#core/plan'
import type { PlanMove } from '#core/plan-move'
import { printCount } from '../print-count.ts'
import { printDollars } from '../print-dollars.ts'
import { printDay } from '../print-moment.ts'

/** What is said of a change of plan. */
export type ChangeWords = {
  readonly heading: string
  /** What is paid now. */
  readonly figure?: string
  readonly says: readonly string[]
  /** null where there is nothing to be done. */
  readonly button: string | null
}

/** Says what a change of plan costs, when it comes and what it brings. */
export function changeWords(move: PlanMove, now: Plan, wanted: Plan): ChangeWords {
  const month = `${printDollars(wanted.monthCents)} a month`
  switch (move.kind) {
    case 'subscribe':
      return {
        heading: `Subscribe to ${wanted.title}`,
        figure: `${printDollars(move.nowCents)} now`,
        says: [
          `For the rest of this month, to the second. Then ${month}, on the first, 00:00 UTC.`,
          `As soon as it is paid: ${limitsOf(wanted)}, and ${printCount(move.nowCredits)} more credits this month.`,
          `From next month ${printCount(wanted.credits)} credits a month.`,
          'Overage stays off until you turn it on. You can cancel at any time: the plan then ends with the month.',
          'You pay at Stripe, which keeps your card.',
        ],
        button: 'Go on to pay',
      }
    case 'upgrade':
      return {
        heading: `Upgrade to ${wanted.title}`,
        figure: `${printDollars(move.nowCents)} now`,
        says: [
          'The difference for the rest of this month, to the second, from the card that Stripe keeps.',
          `Then ${month} in place of ${printDollars(now.monthCents)}.`,
          `As soon as that is paid: ${limitsOf(wanted)}, and ${printCount(move.nowCredits)} more credits this month.`,
          'If the card is refused nothing changes, and you can pay the invoice yourself.',
        ],
        button: `Pay ${printDollars(move.nowCents)} and upgrade`,
      }
    case 'downgrade':
      return {
        heading: `Change to ${wanted.title}`,
        says: [
          `${now.title} goes on until ${dayOf(move.fromUs)}, 00:00 UTC. Nothing is given back for this month.`,
          `From then on ${month}: ${limitsOf(wanted)}, ${printCount(wanted.credits)} credits a month.`,
          'Until then you can take it back.',
        ],
        button: `Change on ${dayOf(move.fromUs)}`,
      }
    case 'cancel':
      return {
        heading: `Cancel ${now.title}`,
        says: [
          `${now.title} goes on until ${dayOf(move.fromUs)}, 00:00 UTC. Nothing is given back for this month, and nothing is charged after it but what you used beyond your credits.`,
          `From then on you are on Free: ${limitsOf(wanted)}, ${printCount(wanted.credits)} credits a month. Your keys work on.`,
          'Until then you can take it back.',
        ],
        button: `Cancel on ${dayOf(move.fromUs)}`,
      }
    case 'keep':
      return {
        heading: `Stay on ${wanted.title}`,
        says: [
          `${wanted.title} goes on at ${month}; what was agreed for next month is taken back.`,
        ],
        button: `Stay on ${wanted.title}`,
      }
    case 'stay':
      return {
        heading: `You are on ${now.title}`,
        says: ['There is nothing to change.'],
        button: null,
      }
    case 'agreed':
      return {
        heading: `${wanted.title} is agreed`,
        says: [`It begins on ${dayOf(move.fromUs)}, 00:00 UTC.`],
        button: null,
      }
    case 'unpaid':
      return {
        heading: 'An invoice is unpaid',
        says: ['Pay it first: you find it under Billing. Then change your plan.'],
        button: null,
      }
  }
}

function limitsOf({ requestsPerS, streams, historyUs }: Plan): string {
  const streamsSaid = `${streams.connections} ${streams.connections === 1 ? 'stream' : 'streams'}`
  const history = historyUs === null ? 'all of the record' : 'the last 30 days of the record'
  return `${requestsPerS} requests a second, ${streamsSaid}, ${history}`
}

function dayOf(us: Micros): string {
  return printDay(printInstant(us))
}
