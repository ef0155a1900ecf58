import { printCount } from '../print-count.ts'
import type { Recorded } from '../recorded-now.ts'
import { printShare } from '../status/print-figures.ts'

const FEED_WORDS = {
  healthy: 'the feed is healthy',
  degraded: 'the feed is degraded',
  down: 'the exchange does not reach us',
} as const

const SINCE = 'since 00:00 UTC'

/** What is recorded at this moment, in four figures. */
export function RecordedNow({ recorded }: { readonly recorded: Recorded }) {
  const { feed, markets, lagMs, today } = recorded
  const coverage = today?.coverage ?? null
  return (
    <section aria-labelledby="recorded">
      <div class="head part">
        <h2 id="recorded">Recorded right now</h2>
        <a class={`pill ${feed}`} href="/status">
          {FEED_WORDS[feed]}
        </a>
      </div>
      <dl class="grid figures">
        <Figure
          name="Markets"
          value={markets === null ? 'not known now' : printCount(markets)}
          about="known to the record"
        />
        <Figure
          name="Messages today"
          value={today === null ? 'not counted yet' : printCount(today.messages)}
          about={today === null ? SINCE : `${SINCE}, counted at ${today.counted}`}
        />
        <Figure
          name="Lag"
          value={lagMs === null ? 'not known now' : `${ms(lagMs.half)} ms`}
          about={
            lagMs === null
              ? 'from the exchange’s stamp to ours'
              : `median; 99 in 100 within ${ms(lagMs.most)} ms`
          }
        />
        <Figure
          name="Coverage today"
          value={coverage === null ? 'not counted yet' : printShare(coverage, 1)}
          about="of the time of all books is known"
        />
      </dl>
    </section>
  )
}

type FigureProps = {
  readonly name: string
  readonly value: string
  readonly about: string
}

function Figure({ name, value, about }: FigureProps) {
  return (
    <div class="card">
      <dt class="quiet">{name}</dt>
      <dd>
        <span class={/\d/.test(value) ? 'figure' : 'figure none'}>{value}</span>
        <span class="quiet">{about}</span>
      </dd>
    </div>
  )
}

function ms(value: number): string {
  if (value < 0.1) return 'under 0.1'
  return value < 10 ? value.toFixed(1) : String(Math.round(value))
}
