import { BOOK_CREDITS, MARKET_MINUTES_PER_CREDIT, ROWS_PER_CREDIT } from '#core/credit'
import { printCount } from '../print-count.ts'

const ROWS = printCount(ROWS_PER_CREDIT)

const PRICES = [
  ['A book, now or at a moment of the past', String(BOOK_CREDITS), 'of several, each'],
  [
    'Changes, trades, best bids and offers, candles',
    '1',
    `for each ${ROWS} rows or part of them, in pages and in streamed answers`,
  ],
  [
    'A page of metadata: markets, events, series, settlements, coverage',
    '1',
    'whatever its length',
  ],
  [
    'A live stream',
    '1',
    `for each ${MARKET_MINUTES_PER_CREDIT} market-minutes or part of them; a minute counts for a market that told something in it`,
  ],
  ['Your limits, usage and key; the status; whatever fails', '0', 'rate is all that it takes'],
] as const

/** What a credit buys. */
export function CreditPrices() {
  return (
    <section aria-labelledby="buys">
      <h2 id="buys">What a credit buys</h2>
      <div class="scroll">
        <table class="buys">
          <thead>
            <tr>
              <th scope="col">You ask for</th>
              <th scope="col" class="num">
                Credits
              </th>
              <th scope="col">How it is counted</th>
            </tr>
          </thead>
          <tbody>
            {PRICES.map(([what, credits, how]) => (
              <tr>
                <th scope="row">{what}</th>
                <td class="num">{credits}</td>
                <td class="quiet">{how}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p class="quiet">
        Add <code>dry_run=1</code> to a call that costs credits, and you are told what it will cost
        at most, without paying for it. <a href="/docs/limits">Limits and credits in full</a>
      </p>
    </section>
  )
}

/** What is asked about prices, and the answers. */
export function PricingAnswers() {
  return (
    <section aria-labelledby="asked">
      <h2 id="asked">Asked often</h2>
      <div class="answers">
        <div>
          <h3>What does a failed call cost?</h3>
          <p>No credits. It takes part of your requests a second, as any call does.</p>
        </div>
        <div>
          <h3>What happens when my credits are used up?</h3>
          <p>
            Calls that cost credits are refused, and open streams are closed, until the next month
            or a larger plan. Overage is off until you turn it on, with a cap in dollars that you
            set. Until your first invoice is paid the cap is at most the price of one month.
          </p>
        </div>
        <div>
          <h3>When does a month begin?</h3>
          <p>
            On the first, at 00:00 UTC, for everybody. Your first fee and its credits are prorated
            for the rest of the month. Credits that are left over end with their month.
          </p>
        </div>
        <div>
          <h3>May I change my plan?</h3>
          <p>
            A larger plan begins as soon as its invoice is paid. A smaller one, or none, begins with
            the next month.
          </p>
        </div>
        <div>
          <h3>What if a payment fails?</h3>
          <p>
            You keep your plan for 7 days of grace. After that the account is on the Free plan until
            it is paid.
          </p>
        </div>
        <div>
          <h3>May I try it first?</h3>
          <p>
            Yes: the <a href="/">first page</a> makes you a key of ten minutes without an account,
            and the Free plan asks for no card.
          </p>
        </div>
      </div>
    </section>
  )
}
