import { type Micros, printInstant } from '#core/instant'
import type { MarketDetails } from '../../store/market-details.ts'
import { printMoment } from '../print-moment.ts'

/** What the exchange says of a market, and its rules in short. */
export function MarketFacts({ market }: { readonly market: MarketDetails }) {
  const facts: readonly (readonly [string, string | null])[] = [
    ['Yes', market.yesSubTitle],
    ['No', market.noSubTitle],
    ['Status', market.status],
    ['Result', market.result],
    ['Opens', moment(market.open)],
    ['Closes', moment(market.close)],
    ['Settled', moment(market.settled)],
    ['Pays for yes', market.settlementValue],
    ['Fees', feesOf(market)],
    ['Recorded from', moment(market.recordedFrom)],
    ['Complete to', moment(market.recordedThrough)],
  ]
  const { rulesPrimary, rulesSecondary } = market
  return (
    <section class="card" aria-labelledby="about">
      <h2 id="about">The market</h2>
      <dl class="facts">
        {facts.map(([name, value]) =>
          value === null || value === '' ? null : (
            <div>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ),
        )}
      </dl>
      {rulesPrimary === null && rulesSecondary === null ? null : (
        <details>
          <summary>Rules</summary>
          {[rulesPrimary, rulesSecondary].map((rules) =>
            rules === null || rules === '' ? null : <p class="rules">{rules}</p>,
          )}
          <p class="quiet">
            The exchange’s words, as we last heard them; the exchange’s own page decides.
          </p>
        </details>
      )}
    </section>
  )
}

function feesOf({ fees }: MarketDetails): string | null {
  if (fees.type === null) return null
  return fees.multiplier === null ? fees.type : `${fees.type}, × ${fees.multiplier}`
}

function moment(us: Micros | null): string | null {
  return us === null ? null : `${printMoment(printInstant(us))} UTC`
}
