import { printInstant } from '#core/instant'
import type { BookAnswer } from '#core/wire/book-answer'
import type { ShownMarket } from '../shown-market.ts'

/** Levels of each side that are shown. */
export const SHOWN_DEPTH = 6

/** The book of a busy market as it is now; the page's script has it move. */
export function LandingBook({ shown }: { readonly shown: ShownMarket | null }) {
  const about = shown?.about ?? null
  return (
    <section
      id="shown"
      class="card shown"
      aria-label="A book, live"
      data-ticker={about?.ticker ?? ''}
      data-since={String(shown?.sinceUs ?? '')}
    >
      <div class="head">
        <h2 id="shown-title">{about?.title ?? 'A busy market'}</h2>
        <span id="feed" class="pill" role="status">
          {standingOf(shown?.book ?? null)}
        </span>
      </div>
      <p class="quiet named">
        <span>{about?.yesSubTitle ?? ''}</span>{' '}
        <a
          id="shown-link"
          href={about === null ? '/markets' : `/markets/${encodeURIComponent(about.ticker)}`}
        >
          <code>{about?.ticker ?? 'all markets'}</code>
        </a>
      </p>
      <p id="why" class="note warn" hidden={shown !== null}>
        {shown === null ? 'No book can be shown at this moment.' : ''}
      </p>
      <div id="ladder">
        <Ladder shown={shown} />
      </div>
      <p class="quiet line under">
        <span id="seq">{seqOf(shown)}</span>
        <span id="age" />
        <button id="again" type="button" class="second small" hidden>
          Go on
        </button>
      </p>
    </section>
  )
}

/** How the book stood when the page was made: it is live only once the script hears of it. */
function standingOf(book: BookAnswer | null): string {
  if (book === null) return 'not connected'
  if (book.status === 'live') return `as of ${book.at_ts.slice(11, 19)} UTC`
  return book.status
}

function Ladder({ shown }: { readonly shown: ShownMarket | null }) {
  const book = shown?.book ?? null
  const known = book === null || book.status === 'unknown' ? null : book
  const bids = known?.bids ?? []
  const asks = known?.asks ?? []
  return (
    <table class="ladder" aria-label="Bids and asks of yes, in dollars">
      <thead>
        <tr>
          <th scope="col">Bids</th>
          <th scope="col">Price</th>
          <th scope="col">Asks</th>
        </tr>
      </thead>
      <tbody>
        {places(asks)
          .reverse()
          .map((level) => (
            <Row level={level} side="ask" />
          ))}
      </tbody>
      <tbody>
        <tr class="spread">
          <td colspan={3}>{spreadOf(bids[0]?.[0], asks[0]?.[0])}</td>
        </tr>
      </tbody>
      <tbody>
        {places(bids).map((level) => (
          <Row level={level} side="bid" />
        ))}
      </tbody>
    </table>
  )
}

type Level = readonly [price: string, size: string]

/** As many places as are shown, so that nothing moves when levels come and go. */
function places(levels: readonly Level[]): (Level | null)[] {
  return Array.from({ length: SHOWN_DEPTH }, (_, i) => levels[i] ?? null)
}

type RowProps = { readonly level: Level | null; readonly side: 'bid' | 'ask' }

function Row({ level, side }: RowProps) {
  const [price, size] = level ?? ['', '']
  const cell = (
    <span class="size">
      <b>{size}</b>
    </span>
  )
  return (
    <tr class={side} hidden={level === null}>
      <td>{side === 'bid' ? cell : null}</td>
      <td class="price">{price}</td>
      <td>{side === 'ask' ? cell : null}</td>
    </tr>
  )
}

function spreadOf(bid: string | undefined, ask: string | undefined): string {
  return bid === undefined || ask === undefined
    ? '—'
    : `spread ${(Number(ask) - Number(bid)).toFixed(6).replace(/00$/, '')}`
}

function seqOf(shown: ShownMarket | null): string {
  const book = shown?.book ?? null
  return book === null || book.seq === null ? '' : `seq ${book.seq}`
}

/** The two calls that work as pasted once the page's script has made a key. */
export function FirstCalls({
  shown,
  origin,
}: {
  readonly shown: ShownMarket | null
  readonly origin: string
}) {
  const ticker = shown?.about.ticker ?? 'TICKER'
  const path = `/v1/markets/${encodeURIComponent(ticker)}/orderbook?depth=3`
  const since = shown?.sinceUs ?? null
  return (
    <section id="calls" class="calls" data-origin={origin}>
      <div class="head">
        <h2>Your first call, before you have an account</h2>
        <span id="key-note" class="quiet" role="status" />
      </div>
      <noscript>
        <p class="note">
          Keys for a look around are made by this page’s script. Without it, make one yourself:{' '}
          <code>curl -X POST {origin}/visitor-keys</code> — it is good for ten minutes. Put it in
          place of <code>YOUR_KEY</code> below.
        </p>
      </noscript>
      <div class="halves">
        <Call id="now" title="The book now" command={curlOf(origin, path)} />
        <Call
          id="then"
          title="The same book some minutes ago"
          command={curlOf(origin, `${path}&at=${since === null ? 'TIME' : printInstant(since)}`)}
        />
      </div>
      <section id="answer" class="card" aria-label="The answer" hidden>
        <p id="answered" class="quiet" role="status" />
        <pre tabindex={0} />
      </section>
    </section>
  )
}

type CallProps = { readonly id: string; readonly title: string; readonly command: string }

function Call({ id, title, command }: CallProps) {
  return (
    <div>
      <h3>{title}</h3>
      <div class="copy">
        <pre id={`call-${id}`}>{command}</pre>
        <button type="button" class="second" data-copies={`call-${id}`} hidden>
          Copy
        </button>
      </div>
      <button type="button" class="second small" data-runs={id} hidden>
        Run it here
      </button>
    </div>
  )
}

function curlOf(origin: string, path: string): string {
  return `curl -H 'Authorization: Bearer YOUR_KEY' \\\n'${origin}${path}'`
}
