import type { AccountLimits } from '#core/account-word'
import { planOf } from '#core/plan'
import { printCount } from '../print-count.ts'

const DAY_US = 86_400_000_000
/** A plan that follows so many follows every market. */
const ALL_MARKETS = 1_000_000

/** What the account may do, by its plan and its own terms. */
export function PlanLimits({ limits }: { readonly limits: AccountLimits }) {
  const { historyUs, streamedRangeUs, overageCents } = planOf(limits.plan)
  const { rate, streams, overageCap } = limits
  const days = (us: number | null, all: string) =>
    us === null ? all : `${printCount(us / DAY_US)} ${us === DAY_US ? 'day' : 'days'}`
  const markets = streams.markets >= ALL_MARKETS ? 'all' : printCount(streams.markets)
  const rows = [
    ['Requests a second', `${printCount(rate.perS)}, ${printCount(rate.burst)} at once`],
    ['Streams at once', `${printCount(streams.connections)}, ${markets} markets each`],
    ['History', days(historyUs, 'all of it')],
    ['Longest range of one streamed request', days(streamedRangeUs, 'any')],
    [
      'Beyond the included credits',
      overageCents === null
        ? 'none on this plan'
        : overageCap === 0
          ? 'none: no spend cap is set'
          : `up to ${printCount(overageCap)} credits`,
    ],
  ]
  return (
    <section class="card" aria-labelledby="limits">
      <div class="head">
        <h2 id="limits">Limits</h2>
        <a href="/pricing">All plans</a>
      </div>
      <table class="limits">
        <tbody>
          {rows.map(([name, value]) => (
            <tr>
              <th scope="row">{name}</th>
              <td>{value}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}
