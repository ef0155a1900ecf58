import { printInstant } from '#core/instant'
import type { UsageChart } from '#core/usage-chart'
import { printCount } from '../print-count.ts'
import { printDay, printMoment } from '../print-moment.ts'
import type { UsageView } from './usage-view.ts'

type Props = {
  readonly chart: UsageChart
  readonly view: UsageView
  readonly nameOf: (name: string) => string
}

/** The figures of the picture, bar by bar: the page's script draws it of this table. */
export function UsageTable({ chart: { bars, series }, view, nameOf }: Props) {
  const hours = view.span === 'day'
  return (
    <details>
      <summary>
        {view.of === 'credits' ? 'Credits' : 'Requests'} by {hours ? 'hour' : 'day'} as a table
      </summary>
      <section class="scroll" tabindex={0} aria-label="Usage as a table">
        <table id="usage-figures" data-of={view.of} data-span={view.span}>
          <thead>
            <tr>
              <th scope="col">{hours ? 'Hour' : 'Day'} (UTC)</th>
              {series.map(({ name }) => (
                <th scope="col" class="num">
                  {name === null ? 'all others' : nameOf(name)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {bars.map((us, at) => (
              <tr>
                <th scope="row" data-s={us / 1_000_000}>
                  {(hours ? printMoment : printDay)(printInstant(us))}
                </th>
                {series.map(({ values }) => (
                  <td class="num">{printCount(values[at] ?? 0)}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </details>
  )
}
