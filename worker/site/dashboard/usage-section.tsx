import type { UsageRow } from '#core/account-word'
import { chartBegin, usageChart } from '#core/usage-chart'
import type { KeyNames } from './key-names.ts'
import { routeName } from './route-name.ts'
import { UsageTable } from './usage-table.tsx'
import { UsageTotals } from './usage-totals.tsx'
import { USAGE_CHOICES, type UsageView, usageViewPath } from './usage-view.ts'

type Props = {
  readonly usage: readonly UsageRow[] | null
  readonly view: UsageView
  readonly names: KeyNames
  readonly nowUs: number
}

/** Usage over time: a picture that the page's script draws of the table below it, and the sums. */
export function UsageSection({ usage, view, names, nowUs }: Props) {
  return (
    <section class="card" id="usage" aria-labelledby="usage-title">
      <div class="head">
        <h2 id="usage-title">Usage</h2>
        <Choices view={view} />
      </div>
      {usage === null ? (
        <p>The usage cannot be read now. Nothing of it is lost.</p>
      ) : (
        <Drawn usage={usage} view={view} names={names} nowUs={nowUs} />
      )}
    </section>
  )
}

function Drawn({ usage, view, names, nowUs }: Props & { readonly usage: readonly UsageRow[] }) {
  const chart = usageChart(usage, view, nowUs)
  const fromUs = chartBegin(view.span, nowUs)
  const rows = usage.filter(({ hourUs }) => hourUs >= fromUs)
  const nameOf = view.by === 'key' ? names : routeName
  return (
    <>
      {chart.total === 0 ? (
        <p class="empty">
          {view.of === 'credits' ? 'No credits were used' : 'No requests came'} then.
        </p>
      ) : (
        <>
          <div id="usage-chart" aria-hidden="true" />
          <p id="usage-word" class="quiet" aria-hidden="true" />
        </>
      )}
      <UsageTotals rows={rows} view={view} chart={chart} nameOf={nameOf} />
      {chart.total === 0 ? null : <UsageTable chart={chart} view={view} nameOf={nameOf} />}
    </>
  )
}

function Choices({ view }: { readonly view: UsageView }) {
  const names = ['span', 'by', 'of'] as const
  return (
    <div class="line">
      {names.map((name) => (
        <span class="choice">
          {USAGE_CHOICES[name].map(([word, title]) => (
            <a
              href={usageViewPath({ ...view, [name]: word })}
              {...(view[name] === word ? { 'aria-current': 'true' } : {})}
            >
              {title}
            </a>
          ))}
        </span>
      ))}
    </div>
  )
}
