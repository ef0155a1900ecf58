import { BURST_S, PLAN_NAMES, PLANS, type Plan } from '#core/plan'
import { printCount } from '../print-count.ts'
import { printDollars } from '../print-dollars.ts'

const DAY_US = 86_400_000_000

/** Every plan with all that it is made of. @param props.known whether the browser keeps a session */
export function PlanCards({ known }: { readonly known: boolean }) {
  return (
    <>
      <div class="plans">
        {PLAN_NAMES.map((name) => (
          <PlanCard plan={PLANS[name]} known={known} />
        ))}
      </div>
      <p class="quiet">
        History is how far back you may read. The streamed range is the longest stretch of time that
        one request for NDJSON or CSV may ask for. Overage is off until you turn it on, with a cap
        of your own.
      </p>
    </>
  )
}

function PlanCard({ plan, known }: { readonly plan: Plan; readonly known: boolean }) {
  const { name, title, monthCents, credits, requestsPerS, streams } = plan
  const { historyUs, streamedRangeUs, overageCents } = plan
  const free = monthCents === 0
  const way = free ? '/dashboard/keys' : `/dashboard/billing/change?plan=${name}`
  return (
    <section class="card plan" aria-labelledby={`plan-${name}`}>
      <h2 id={`plan-${name}`}>{title}</h2>
      <p class="price">
        <span class="figure">{printDollars(monthCents)}</span> <span class="quiet">a month</span>
      </p>
      <dl>
        <Fact name="Credits a month" value={printCount(credits)} />
        <Fact name="Requests a second" value={String(requestsPerS)} />
        <Fact name="At once at most" value={String(requestsPerS * BURST_S)} />
        <Fact name="Streams" value={String(streams.connections)} />
        <Fact
          name="Markets on each"
          value={streams.markets >= 1_000_000 ? 'all' : printCount(streams.markets)}
        />
        <Fact name="History" value={historyUs === null ? 'all' : spanOf(historyUs)} />
        <Fact
          name="Streamed range"
          value={streamedRangeUs === null ? 'any' : spanOf(streamedRangeUs)}
        />
        <Fact
          name="Overage per 100,000"
          value={overageCents === null ? 'none' : printDollars(overageCents)}
        />
      </dl>
      <a class={free ? 'button second' : 'button'} href={known ? way : '/signup'}>
        {free ? 'Get a free key' : `Choose ${title}`}
      </a>
    </section>
  )
}

function Fact({ name, value }: { readonly name: string; readonly value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  )
}

function spanOf(us: number): string {
  const days = us / DAY_US
  if (days > 365) return '1 year'
  return days === 1 ? '1 day' : `${days} days`
}
