import { PLAN_NAMES, PLANS } from '#core/plan'
import { printCount } from '../print-count.ts'

/** What there is to be had. */
export function WhatYouGet() {
  return (
    <section aria-labelledby="get">
      <h2 id="get" class="part">
        What you get
      </h2>
      <div class="grid">
        <div class="card">
          <h3>Live books</h3>
          <p>
            The book of any recorded market now, one or a hundred at a time, with its sequence
            number, its checksum and the moment up to which we vouch for it.
          </p>
          <a href="/docs/api">REST reference</a>
        </div>
        <div class="card">
          <h3>The past</h3>
          <p>
            The book at any recorded microsecond, every change between two moments, best bid and
            offer, trades and candles. As JSON, NDJSON or CSV.
          </p>
          <a href="/markets">Look at a market</a>
        </div>
        <div class="card">
          <h3>Streams</h3>
          <p>
            One WebSocket for one market or all of them: books, trades and status. It resumes where
            you left off, or tells you what you missed.
          </p>
          <a href="/docs/streams">Stream reference</a>
        </div>
      </div>
    </section>
  )
}

/** What may be relied on. */
export function Promises() {
  return (
    <section aria-labelledby="promise">
      <h2 id="promise" class="part">
        What we promise
      </h2>
      <div class="grid promises">
        <div>
          <h3>A gap is told</h3>
          <p>
            Where a message was lost, the record says so: from when to when, and why. A book that
            nobody knows is answered as unknown, never guessed.
          </p>
        </div>
        <div>
          <h3>Every book can be checked</h3>
          <p>
            Each answer and each batch of changes bears a checksum. Rebuild the book yourself and
            compare.
          </p>
        </div>
        <div>
          <h3>Two clocks</h3>
          <p>
            Each change bears the exchange’s time and the time at which we received it, in
            microseconds.
          </p>
        </div>
        <div>
          <h3>You pay for answers</h3>
          <p>
            A call that fails costs no credits. What a call will cost can be asked before it is
            made.
          </p>
        </div>
      </div>
      <p>
        <a href="/docs/gaps">Gaps and what we promise, in full</a>
      </p>
    </section>
  )
}

/** Who it is made for. */
export function ForWhom() {
  return (
    <section aria-labelledby="whom">
      <h2 id="whom" class="part">
        Made for
      </h2>
      <div class="grid">
        <div class="card">
          <h3>Researchers</h3>
          <p>Whole days of changes into pandas or DuckDB, with the times that a backtest needs.</p>
        </div>
        <div class="card">
          <h3>Algorithmic traders</h3>
          <p>One stream in place of polling, that says when it is behind and when it is stale.</p>
        </div>
        <div class="card">
          <h3>Agents</h3>
          <p>
            A described API, every page as Markdown, and <a href="/llms.txt">llms.txt</a> to begin
            with.
          </p>
        </div>
      </div>
    </section>
  )
}

/** The plans in one line, and what to do next. */
export function PlansInALine() {
  return (
    <section class="card closing" aria-labelledby="plans">
      <h2 id="plans">Plans</h2>
      <div class="plans">
        {PLAN_NAMES.map((name) => {
          const { title, monthCents, credits } = PLANS[name]
          return (
            <div>
              <b>
                {title} {`$${monthCents / 100}`}
              </b>{' '}
              <span class="quiet">{printCount(credits)} credits a month</span>
            </div>
          )
        })}
      </div>
      <p class="line">
        <a class="button" href="/signup">
          Get a free key
        </a>
        <a class="button second" href="/pricing">
          Compare plans
        </a>
      </p>
    </section>
  )
}
