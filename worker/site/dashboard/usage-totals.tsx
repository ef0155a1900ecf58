import type { UsageRow } from '#core/account-word'
import type { UsageChart } from '#core/usage-chart'
import { sumUsage } from '#core/usage-sums'
import { printCount } from '../print-count.ts'
import { breakable } from './breakable.tsx'
import type { UsageView } from './usage-view.ts'

type Props = {
  readonly rows: readonly UsageRow[]
  readonly view: UsageView
  readonly chart: UsageChart
  readonly nameOf: (name: string) => string
}

/** What was used in all, of each route or key, in the order of the picture's colours; of which it is the legend too. */
export function UsageTotals({ rows, view, chart, nameOf }: Props) {
  const order = chart.series.map(({ name }) => name)
  const others = order.indexOf(null)
  const sums = sumUsage(rows, view.by)
    .map((sum) => ({ ...sum, name: (view.by === 'key' ? sum.keyId : sum.route) ?? '' }))
    .sort((a, b) => b[view.of] - a[view.of] || b.requests - a.requests)
  if (sums.length === 0) return null
  return (
    <div class="scroll">
      <table id="usage-totals">
        <caption class="hidden">Usage in all, {view.by === 'key' ? 'by key' : 'by route'}</caption>
        <thead>
          <tr>
            <th scope="col">{view.by === 'key' ? 'Key' : 'Route'}</th>
            <th scope="col" class="num">
              Requests
            </th>
            <th scope="col" class="num">
              Failed
            </th>
            <th scope="col" class="num">
              Credits
            </th>
          </tr>
        </thead>
        <tbody>
          {sums.map(({ name, requests, failed, credits, [view.of]: counted }) => (
            <tr>
              <th scope="row">
                {counted === 0 ? (
                  <i class="swatch" />
                ) : (
                  <i class={`swatch s${order.includes(name) ? order.indexOf(name) : others}`} />
                )}
                {breakable(nameOf(name))}
              </th>
              <td class="num">{printCount(requests)}</td>
              <td class="num">{printCount(failed)}</td>
              <td class="num">{printCount(credits)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
