import type { StatusHistory } from '#core/wire/status-history-answer'
import { LAG_LINES, lagHeight } from './lag-scale.ts'
import { printAge } from './print-figures.ts'

type Hour = StatusHistory['hours'][number]

/** The picture's own units: its height, that of the strip of states below, and the width of an hour. */
const [HIGH, STRIP, WIDE] = [200, 14, 10]
const HOUR_MS = 3_600_000
/** So many labels of time stand below it. */
const LABELS = 4

type Props = { readonly history: StatusHistory; readonly days: number }

/** The lag and the state of the feed by hours. What it shows is told in the table below it, too. */
export function LagPicture({ history, days }: Props) {
  const slots = days * 24
  const beginMs = Date.parse(history.from_ts)
  const labels = days === 1 ? LABELS : Math.min(days, 7)
  const when = Array.from({ length: labels }, (_, nth) => {
    return new Date(beginMs + Math.round((nth * slots) / labels) * HOUR_MS).toISOString()
  })
  return (
    <figure class="lags">
      <div class="scale" aria-hidden="true">
        {LAG_LINES.map((line) => (
          <span>{line}</span>
        ))}
      </div>
      <svg
        viewBox={`0 0 ${slots * WIDE} ${HIGH + STRIP + 6}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`Lag and state of the feed by hours, ${days === 1 ? '24 hours' : `${days} days`}`}
      >
        {LAG_LINES.map((_, nth) => {
          const y = (nth * HIGH) / (LAG_LINES.length - 1)
          return <line x1="0" x2={slots * WIDE} y1={y} y2={y} />
        })}
        {history.hours.map((hour) => (
          <HourBars
            hour={hour}
            x={Math.round((Date.parse(hour.hour_ts) - beginMs) / HOUR_MS) * WIDE}
          />
        ))}
      </svg>
      <div class="times" aria-hidden="true">
        {when.map((instant) => (
          <span>
            {days === 1 ? '' : <b>{instant.slice(5, 10)}</b>} <i>{instant.slice(11, 16)}</i>
          </span>
        ))}
      </div>
      <figcaption class="quiet">
        <span class="key p50">median lag</span> <span class="key p99">99th percentile</span>{' '}
        <span class="key healthy">healthy</span> <span class="key degraded">degraded</span>{' '}
        <span class="key down">down</span> <span class="key unknown">not known</span>
        <br />
        Each line of the scale is ten times the one below. Times are UTC.
      </figcaption>
    </figure>
  )
}

function HourBars({ hour, x }: { readonly hour: Hour; readonly x: number }) {
  const { lag_p50_ms: p50, lag_p99_ms: p99 } = hour
  return (
    <g>
      <title>{tellHour(hour)}</title>
      <rect class="ground" x={x} y="0" width={WIDE} height={HIGH + STRIP + 6} />
      {p99 === null ? null : <Bar kind="p99" x={x} ms={p99} />}
      {p50 === null ? null : <Bar kind="p50" x={x} ms={p50} />}
      <rect class={worstOf(hour)} x={x + 0.5} y={HIGH + 6} width={WIDE - 1} height={STRIP} />
    </g>
  )
}

type BarProps = { readonly kind: string; readonly x: number; readonly ms: number }

function Bar({ kind, x, ms }: BarProps) {
  const height = Math.round(lagHeight(ms) * HIGH * 10) / 10
  return <rect class={kind} x={x + 1.5} y={HIGH - height} width={WIDE - 3} height={height} />
}

/** The word of an hour's strip: any minute that was worse than healthy counts, the worst first. */
export function worstOf({ minutes }: Hour): 'healthy' | 'degraded' | 'down' | 'unknown' {
  if (minutes.down > 0) return 'down'
  if (minutes.degraded > 0) return 'degraded'
  return minutes.unknown > 0 ? 'unknown' : 'healthy'
}

function tellHour(hour: Hour): string {
  const { lag_p50_ms: p50, lag_p99_ms: p99, hour_ts } = hour
  return `${hour_ts.slice(0, 10)} ${hour_ts.slice(11, 16)}: median ${printAge(p50)}, 99th percentile ${printAge(p99)}; ${tellMinutes(hour.minutes)}`
}

/** The minutes of each state, those of none left out: `57 min healthy, 3 min down`. */
export function tellMinutes(minutes: Hour['minutes']): string {
  const words = { healthy: 'healthy', degraded: 'degraded', down: 'down', unknown: 'not known' }
  const told = (['healthy', 'degraded', 'down', 'unknown'] as const).flatMap((word) =>
    minutes[word] === 0 ? [] : [`${minutes[word]} min ${words[word]}`],
  )
  return told.join(', ')
}
