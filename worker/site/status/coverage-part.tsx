import type { StatusHistory } from '#core/wire/status-history-answer'
import { printCount } from '../print-count.ts'
import { printMoment } from '../print-moment.ts'
import { printLength, printShare } from './print-figures.ts'
import { WideTable } from './wide-table.tsx'

/** The pill of a grade. */
const PILLS = { A: 'good', B: 'good', C: 'warn', D: 'warn', F: 'bad' } as const

/** What is held of each day, all markets together. */
export function CoveragePart({ history }: { readonly history: StatusHistory }) {
  const { coverage } = history
  const [newest] = coverage
  return (
    <section aria-labelledby="coverage">
      <h2 id="coverage">Coverage by day</h2>
      <p>
        How much of the time in which markets had a log their books are known, all markets together.
        A: all of it; B: 99.9 % or more; C: 99 %; D: 90 %; F: less. What is held of one market is on
        its <a href="/markets">page</a>.
      </p>
      {newest === undefined ? (
        <p class="note">No day was counted yet. Today is counted every 15 minutes.</p>
      ) : (
        <>
          <WideTable name="Table of coverage">
            <thead>
              <tr>
                <th scope="col">Day, UTC</th>
                <th scope="col">Grade</th>
                <th scope="col" class="num">
                  Known
                </th>
                <th scope="col" class="num">
                  Markets
                </th>
                <th scope="col" class="num">
                  Records
                </th>
                <th scope="col" class="num">
                  Market time in gaps
                </th>
                <th scope="col">Gaps</th>
              </tr>
            </thead>
            <tbody>{coverage.map(Day)}</tbody>
          </WideTable>
          <p class="quiet">
            The newest day was counted at {printMoment(newest.counted_ts)} UTC, through{' '}
            {printMoment(newest.through_ts)}.
          </p>
        </>
      )}
    </section>
  )
}

function Day(day: StatusHistory['coverage'][number]) {
  const { known_market_seconds: known, gap_market_seconds: lost, grade } = day
  const isUnknown = known + lost > 0 || day.through_ts < day.day
  const gaps = Object.entries(day.gaps).map(([cause, count]) => `${cause} ${printCount(count)}`)
  return (
    <tr>
      <th scope="row">{day.day}</th>
      <td>
        {grade === null ? (
          <span class="quiet">{isUnknown ? 'not known' : 'no log'}</span>
        ) : (
          <span class={`pill ${PILLS[grade]}`}>{grade}</span>
        )}
      </td>
      <td class="num">{grade === null ? '—' : printShare(known, known + lost)}</td>
      <td class="num">{printCount(day.markets)}</td>
      <td class="num">{printCount(day.records)}</td>
      <td class="num">{lost === 0 ? 'none' : printLength(lost)}</td>
      <td>{gaps.length === 0 ? 'none' : gaps.join(', ')}</td>
    </tr>
  )
}
