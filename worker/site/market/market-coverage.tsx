import { printInstant } from '#core/instant'
import type { Gap } from '#core/log'
import type { CoverageAnswer } from '#core/wire/coverage-answer'
import { printCount } from '../print-count.ts'

type CoverageProps = {
  /** null when nothing is recorded of the days that are shown. */
  readonly coverage: CoverageAnswer | null
  /** Newest first. */
  readonly gaps: readonly Gap[]
  readonly ticker: string
}

/** What the record holds of a market, day by day, and its last gaps. */
export function MarketCoverage({ coverage, gaps, ticker }: CoverageProps) {
  const days = (coverage?.days ?? []).filter(({ grade }) => grade !== null).toReversed()
  return (
    <section class="card" id="coverage" aria-labelledby="coverage-title">
      <div class="head">
        <h2 id="coverage-title">Coverage</h2>
        <a class="quiet" href="/docs/gaps">
          What grades and gaps mean
        </a>
      </div>
      {days.length === 0 ? (
        <p>Nothing is recorded of this market in the last 30 days.</p>
      ) : (
        <section class="scroll" tabindex={0} aria-label="Coverage by day">
          <table class="num">
            <thead>
              <tr>
                <th scope="col">Day, UTC</th>
                <th scope="col">Grade</th>
                <th scope="col" class="num">
                  Records
                </th>
                <th scope="col" class="num">
                  Known
                </th>
                <th scope="col" class="num">
                  In gaps
                </th>
                <th scope="col" class="num">
                  Gaps
                </th>
              </tr>
            </thead>
            <tbody>
              {days.map((day) => (
                <tr data-day={day.day} data-records={day.records}>
                  <th scope="row">{day.day}</th>
                  <td>
                    <span class={`grade grade-${day.grade}`}>{day.grade}</span>
                  </td>
                  <td class="num">{printCount(day.records)}</td>
                  <td class="num">{duration(day.covered_seconds)}</td>
                  <td class="num">{duration(day.gap_seconds)}</td>
                  <td class="num">{printCount(day.gaps)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
      <LastGaps gaps={gaps} />
      <p class="quiet">
        As data: <code>/v1/markets/{ticker}/coverage</code> and{' '}
        <code>/v1/markets/{ticker}/gaps</code>.
      </p>
    </section>
  )
}

function LastGaps({ gaps }: { readonly gaps: readonly Gap[] }) {
  if (gaps.length === 0) return null
  return (
    <>
      <h3>Last gaps</h3>
      <ul class="gaps num">
        {gaps.map(({ from, to, cause }) => (
          <li>
            {printed(from)} to {to === null ? 'now' : printed(to).slice(11)}
            <span class="quiet">
              {' '}
              {cause}
              {to === null ? '' : `, ${((to - from) / 1e6).toFixed(3)} s`}
            </span>
          </li>
        ))}
      </ul>
    </>
  )
}

function printed(us: Gap['from']): string {
  return printInstant(us).slice(0, 23).replace('T', ' ')
}

/** Seconds as a person reads them. */
function duration(seconds: number): string {
  if (seconds < 60) return `${seconds} s`
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`
  const minutes = Math.floor((seconds % 3600) / 60)
  return `${Math.floor(seconds / 3600)} h${minutes === 0 ? '' : ` ${minutes} min`}`
}
