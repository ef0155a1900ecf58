import type { GapCause } from '#core/log'
import type { StatusHistory } from '#core/wire/status-history-answer'
import { printCount } from '../print-count.ts'
import { printMoment } from '../print-moment.ts'
import { tellMinutes } from './lag-picture.tsx'
import { printLength, printSecond } from './print-figures.ts'
import { WideTable } from './wide-table.tsx'

/** So many rows a table has; the answer as data has all. */
const MOST = 20

type Props = { readonly history: StatusHistory; readonly name: string }

/**
 * When the feed was not known to be healthy.
 * @param props.name of the span that is shown
 * @param props.healthy whether the feed is now, which may be another than in its last minute
 */
export function IncidentsPart({ history, name, healthy }: Props & { readonly healthy: boolean }) {
  const { incidents, from_ts, to_ts, sampled_from_ts } = history
  // Of the time before it was first looked at nobody knows.
  const since =
    sampled_from_ts !== null && sampled_from_ts > from_ts
      ? `since ${printMoment(sampled_from_ts)} UTC, when the feed was first looked at`
      : `in the last ${name}`
  return (
    <section aria-labelledby="incidents">
      <h2 id="incidents">Incidents</h2>
      {incidents.length === 0 ? (
        <p>
          {sampled_from_ts === null
            ? 'None is known: the feed was not looked at yet.'
            : healthy
              ? `None ${since}.`
              : `None before now ${since}. What goes on is told above, and here within a minute.`}
        </p>
      ) : (
        <WideTable name="Table of incidents">
          <thead>
            <tr>
              <th scope="col">State</th>
              <th scope="col">From, UTC</th>
              <th scope="col">To</th>
              <th scope="col" class="num">
                Length
              </th>
              <th scope="col">Minutes</th>
            </tr>
          </thead>
          <tbody>
            {incidents.slice(0, MOST).map((each) => (
              <tr>
                <td>
                  <span class={`pill ${each.state}`}>
                    {each.state === 'unknown' ? 'not known' : each.state}
                  </span>
                </td>
                <td>{printMoment(each.from_ts)}</td>
                <td>{each.to_ts === null ? 'it lasts' : printMoment(each.to_ts)}</td>
                <td class="num">{lengthOf(each.from_ts, each.to_ts ?? to_ts)}</td>
                <td>{tellMinutes(each.minutes)}</td>
              </tr>
            ))}
          </tbody>
        </WideTable>
      )}
      <More shown={MOST} all={incidents.length} />
    </section>
  )
}

/** Why a gap came, in the words of people. */
const CAUSES: Readonly<Record<GapCause, string>> = {
  sequence: 'a message of the exchange did not come',
  cut: 'a connection to the exchange broke',
  silence: 'the exchange fell silent',
  epoch: 'recording began anew',
  mismatch: 'a book differed from the exchange’s own',
  overflow: 'more came than could be kept',
  disk: 'a disk of ours refused',
  malformed: 'a message could not be read',
  maintenance: 'the exchange was in maintenance',
}

/** When books were not known to the record. */
export function GapsPart({ history, name }: Props) {
  const { gaps, gaps_left_off, to_ts } = history
  return (
    <section aria-labelledby="gaps">
      <h2 id="gaps">Gaps of the record</h2>
      <p>
        Where we do not know a book, we say so: each gap is in its market’s log, with its bounds.
        Gaps of one cause that were noticed together are one line here.
      </p>
      {gaps.length === 0 ? (
        <p>None is known of the last {name}.</p>
      ) : (
        <WideTable name="Table of gaps">
          <thead>
            <tr>
              <th scope="col">Cause</th>
              <th scope="col" class="num">
                Books
              </th>
              <th scope="col">From, UTC</th>
              <th scope="col">To</th>
              <th scope="col" class="num">
                Length
              </th>
            </tr>
          </thead>
          <tbody>
            {gaps.slice(0, MOST).map((each) => (
              <tr>
                <td>
                  <code>{each.cause}</code> <span class="quiet">{CAUSES[each.cause]}</span>
                </td>
                <td class="num">{printCount(each.gaps)}</td>
                <td>{printSecond(each.from_ts)}</td>
                <td>
                  {each.to_ts === null
                    ? `${printCount(each.open)} still open`
                    : printSecond(each.to_ts)}
                </td>
                <td class="num">{lengthOf(each.from_ts, each.to_ts ?? to_ts)}</td>
              </tr>
            ))}
          </tbody>
        </WideTable>
      )}
      <More shown={MOST} all={gaps.length + gaps_left_off} />
    </section>
  )
}

function More({ shown, all }: { readonly shown: number; readonly all: number }) {
  if (all <= shown) return null
  return <p class="quiet">The newest {shown} lines are shown; the answer as data has more.</p>
}

function lengthOf(from: string, to: string): string {
  return printLength(Math.max(0, Date.parse(to) - Date.parse(from)) / 1000)
}
