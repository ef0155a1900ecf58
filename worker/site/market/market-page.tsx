import { type Micros, printInstant } from '#core/instant'
import type { Gap } from '#core/log'
import type { CoverageAnswer } from '#core/wire/coverage-answer'
import type { MarketDetails } from '../../store/market-details.ts'
import { printDay } from '../print-moment.ts'
import { DownloadsPart } from './downloads-part.tsx'
import { HistoryPart } from './history-part.tsx'
import { MarketCoverage } from './market-coverage.tsx'
import { MarketFacts } from './market-facts.tsx'
import { TradesTable } from './trades-table.tsx'

/** What the page of a market shows before its script has filled it. */
export type MarketPageProps = {
  readonly market: MarketDetails
  readonly coverage: CoverageAnswer | null
  readonly gaps: readonly Gap[]
  /** When its log ended, µs; null while it is open. */
  readonly endUs: Micros | null
  /** Whether nobody is signed in; and whether visitors may see this market. */
  readonly visitor: boolean
  readonly shown: boolean
  readonly nowUs: Micros
}

/** The page of one market. */
export function MarketPage(props: MarketPageProps) {
  const { market, coverage, gaps, endUs, visitor, shown, nowUs } = props
  const { ticker, title, yesSubTitle, recordedFrom } = market
  const firstDay = printDay(printInstant(recordedFrom ?? nowUs))
  const lastDay = printDay(printInstant(endUs ?? nowUs))
  return (
    <div
      id="market"
      data-ticker={ticker}
      data-from={String(recordedFrom ?? '')}
      data-end={String(endUs ?? '')}
    >
      <Crumbs market={market} />
      <div class="head">
        <h1>{title}</h1>
        <span class={market.status === 'active' ? 'pill good' : 'pill'}>{market.status}</span>
      </div>
      <p class="lead">{yesSubTitle}</p>
      <p class="line">
        <code>{ticker}</code>
        <a class="button" href={`/live/${ticker}`}>
          Watch it live
        </a>
        <a
          class="button second"
          href={`/playground#op=getMarketOrderbook&ticker=${encodeURIComponent(ticker)}`}
        >
          Try calls in the playground
        </a>
      </p>
      {recordedFrom === null ? (
        <p class="note">No book of this market is recorded.</p>
      ) : visitor && !shown ? (
        <NeedsKey />
      ) : (
        <>
          <HistoryPart visitor={visitor} firstDay={firstDay} lastDay={lastDay} />
          <div class="halves">
            <CandlesPart visitor={visitor} />
            <TradesPart />
          </div>
          {visitor ? null : (
            <p class="quiet">
              Candles and trades are read by your account when this page is opened, and candles
              again for another interval: 1 credit each time there are any.
            </p>
          )}
          <DownloadsPart firstDay={firstDay} lastDay={lastDay} />
        </>
      )}
      <MarketCoverage coverage={coverage} gaps={gaps} ticker={ticker} />
      <MarketFacts market={market} />
    </div>
  )
}

function Crumbs({ market: { series, event } }: Pick<MarketPageProps, 'market'>) {
  return (
    <p class="crumbs">
      <a href="/markets">Markets</a>
      {series === null ? null : (
        <>
          {' › '}
          <a href={`/markets?series=${encodeURIComponent(series)}`}>{series}</a>
        </>
      )}
      {event === '' ? null : (
        <>
          {' › '}
          <a href={`/markets?event=${encodeURIComponent(event)}`}>{event}</a>
        </>
      )}
    </p>
  )
}

function NeedsKey() {
  return (
    <section class="card" aria-labelledby="needs-key">
      <h2 id="needs-key">A free key opens this book</h2>
      <p>
        Visitors see the books of a few busy markets. With a free account every market can be read:
        its book at any instant, its trades, candles and files.
      </p>
      <p class="line">
        <a class="button" href="/signup">
          Get a free key
        </a>
        <a class="button second" href="/markets?shown=1">
          Markets open to visitors
        </a>
      </p>
    </section>
  )
}

function CandlesPart({ visitor }: { readonly visitor: boolean }) {
  return (
    <section class="card" aria-labelledby="candles-title">
      <div class="head">
        <h2 id="candles-title">Candles</h2>
        <select id="interval" class="small" aria-label="Interval">
          <option value="1m">2 hours by the minute</option>
          <option value="15m">24 hours by 15 minutes</option>
          {visitor ? null : <option value="4h">30 days by 4 hours</option>}
        </select>
      </div>
      <div id="candles" />
      <p id="candles-note" class="quiet" role="status" />
    </section>
  )
}

function TradesPart() {
  return (
    <section class="card" aria-labelledby="trades-title">
      <div class="head">
        <h2 id="trades-title">Last trades</h2>
        <span id="trades-note" class="quiet" role="status" />
      </div>
      <TradesTable />
    </section>
  )
}
