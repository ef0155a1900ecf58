import type { StatusHistory } from '#core/wire/status-history-answer'
import { printCount } from '../print-count.ts'
import { printMoment } from '../print-moment.ts'
import { LagPicture, tellMinutes, worstOf } from './lag-picture.tsx'
import { printAge } from './print-figures.ts'
import { WideTable } from './wide-table.tsx'

/** The spans that the page shows: days and their name. */
export const SPANS = [
  [1, '24 hours'],
  [7, '7 days'],
  [30, '30 days'],
] as const

type Props = { readonly history: StatusHistory; readonly days: number }

/** The feed by hours. */
export function HoursPart({ history, days }: Props) {
  return (
    <section aria-labelledby="hours">
      <div class="head">
        <h2 id="hours">Lag and feed by hour</h2>
        <p class="line spans">
          {SPANS.map(([span, name]) => (
            <a
              href={`/status?days=${span}#hours`}
              {...(span === days ? { 'aria-current': 'true' } : {})}
            >
              {name}
            </a>
          ))}
        </p>
      </div>
      {history.hours.length === 0 ? (
        <p class="note">The feed was not looked at yet. It is, once a minute, from now on.</p>
      ) : (
        <>
          <LagPicture history={history} days={days} />
          <p class="quiet">
            The feed is looked at once a minute, since {printMoment(history.sampled_from_ts ?? '')}{' '}
            UTC. A minute in which nobody looked counts as not known, never as healthy.
          </p>
          <details>
            <summary>The same in figures</summary>
            <HourTable history={history} />
          </details>
        </>
      )}
    </section>
  )
}

function HourTable({ history }: { readonly history: StatusHistory }) {
  return (
    <WideTable name="Figures by hour" tall>
      <thead>
        <tr>
          <th scope="col">Hour, UTC</th>
          <th scope="col" class="num">
            Lag, median
          </th>
          <th scope="col" class="num">
            Lag, 99th
          </th>
          <th scope="col" class="num">
            Record behind
          </th>
          <th scope="col" class="num">
            Stale books
          </th>
          <th scope="col">Feed</th>
        </tr>
      </thead>
      <tbody>
        {history.hours.toReversed().map((hour) => (
          <tr>
            <th scope="row">{printMoment(hour.hour_ts)}</th>
            <td class="num">{printAge(hour.lag_p50_ms)}</td>
            <td class="num">{printAge(hour.lag_p99_ms)}</td>
            <td class="num">{printAge(hour.watermark_lag_ms)}</td>
            <td class="num">{printCount(hour.stale_books)}</td>
            <td class={worstOf(hour) === 'healthy' ? '' : 'warn'}>{tellMinutes(hour.minutes)}</td>
          </tr>
        ))}
      </tbody>
    </WideTable>
  )
}
