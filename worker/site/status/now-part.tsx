import { printCount } from '../print-count.ts'
import { FEED_SENTENCES, nowFigures, type Status } from './now-figures.ts'
import { printAge, printSecond } from './print-figures.ts'
import { WideTable } from './wide-table.tsx'

/** How the feed and the record do now; the page's script writes into it by the ids. */
export function NowPart({ status }: { readonly status: Status }) {
  const { feed, record } = status
  const figures = nowFigures(status)
  return (
    <section aria-labelledby="now">
      <div class="head">
        <h2 id="now">Now</h2>
        <span id="now-feed" class={`pill ${feed}`} data-feed={feed}>
          {feed}
        </span>
      </div>
      <p>
        <span id="now-sentence" role="status">
          {FEED_SENTENCES[feed]}
        </span>{' '}
        <span class="quiet">
          Seen <span id="now-seen">{printSecond(status.server_ts)}</span> UTC.
        </span>
      </p>
      <p id="now-away" class="note warn" hidden>
        This page cannot reach KalshiBook at the moment. It shows what it saw last.
      </p>
      <dl class="grid now">
        <Figure id="age" name="Exchange heard" about="ago">
          {figures.age}
        </Figure>
        <Figure id="p50" name="Lag, median" about="from the exchange’s stamp to ours">
          {figures.p50}
        </Figure>
        <Figure id="p99" name="Lag, 99 in 100" about="changes of a book are this quick or quicker">
          {figures.p99}
        </Figure>
        <Figure id="stale" name="Stale books" about="not vouched for now">
          {figures.stale}
        </Figure>
        <Figure id="watermark" name="Record behind" about="all that came before is stored">
          {figures.watermark}
        </Figure>
        <Figure id="gaps" name="Open gaps" about="books that the record does not know now">
          {figures.gaps}
        </Figure>
      </dl>
      {record === null ? (
        <p class="note warn">The record cannot be read now: what it holds is not known.</p>
      ) : null}
      <Shards shards={status.shards} />
    </section>
  )
}

type FigureProps = {
  readonly id: string
  readonly name: string
  readonly about: string
  readonly children: string
}

function Figure({ id, name, about, children }: FigureProps) {
  return (
    <div class="card">
      <dt class="quiet">{name}</dt>
      <dd>
        <span class={`figure${children === 'not known' ? ' unknown' : ''}`} id={`now-${id}`}>
          {children}
        </span>
        <span class="quiet">{about}</span>
      </dd>
    </div>
  )
}

function Shards({ shards }: Pick<Status, 'shards'>) {
  return (
    <>
      <p class="quiet">
        Shards are the parts of the live side, each with its own line to the collector.
      </p>
      <WideTable name="Shards">
        <thead>
          <tr>
            <th scope="col">Shard</th>
            <th scope="col">Feed</th>
            <th scope="col" class="num">
              Last beat
            </th>
            <th scope="col" class="num">
              Markets followed
            </th>
          </tr>
        </thead>
        <tbody id="now-shards">
          {shards.map(({ shard, feed, beat_age_ms, watched }) => (
            <tr>
              <td>{shard}</td>
              <td>
                <span class={`pill ${feed}`}>{feed}</span>
              </td>
              <td class="num">
                {beat_age_ms === null ? 'not known' : `${printAge(beat_age_ms)} ago`}
              </td>
              <td class="num">{printCount(watched)}</td>
            </tr>
          ))}
        </tbody>
      </WideTable>
    </>
  )
}
