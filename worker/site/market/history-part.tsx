type HistoryProps = {
  /** Whether a visitor looks: bounded, at nobody’s cost. */
  readonly visitor: boolean
  /** The days that may be chosen, `2026-11-23`. */
  readonly firstDay: string
  readonly lastDay: string
}

const WINDOWS = [
  [900, 'last 15 minutes'],
  [3600, 'last hour'],
  [21_600, 'last 6 hours'],
  [86_400, 'last 24 hours'],
] as const
const SPEEDS = [1, 10, 60] as const

/** The part of a market's page in which its past is looked at; its script fills it. */
export function HistoryPart({ visitor, firstDay, lastDay }: HistoryProps) {
  return (
    <section class="card" id="history" aria-labelledby="history-title">
      <h2 id="history-title">The book at any instant</h2>
      <noscript>
        <p class="note warn">
          This part needs JavaScript. Without it, ask for <code>/orderbook?at=</code> by an API key.
        </p>
      </noscript>
      <form id="window-form" class="line window">
        <div>
          <label for="window">Window</label>
          <select id="window">
            {WINDOWS.map(([seconds, name]) => (
              <option value={String(seconds)}>{name}</option>
            ))}
            <option value="day">one day, UTC</option>
          </select>
        </div>
        <div id="day-field" hidden>
          <label for="day">Day</label>
          <input id="day" type="date" min={firstDay} max={lastDay} value={lastDay} />
        </div>
        <button id="read" type="submit" class={visitor ? 'second' : ''}>
          Read
        </button>
        <p id="cost" class="quiet" />
      </form>
      <p id="read-note" class="quiet" role="status">
        {visitor ? 'Reading …' : 'Choose a window and read it.'}
      </p>
      <p>
        <button id="read-on" type="button" class="second" hidden>
          Read on
        </button>
      </p>
      <div id="scrubber" hidden>
        <div id="prices" />
        <div class="track">
          <input id="at" type="range" min="0" max="1" step="any" aria-label="Instant" />
        </div>
        <div class="line transport">
          <button id="step-back" type="button" class="second" aria-label="One record back">
            ‹
          </button>
          <button id="step-on" type="button" class="second" aria-label="One record on">
            ›
          </button>
          {SPEEDS.map((speed) => (
            <button type="button" class="second" data-speed={String(speed)} aria-pressed="false">
              ▶ {speed}×
            </button>
          ))}
          <time id="time" class="num" />
          <span id="state" class="pill" />
        </div>
        <p id="why" class="note" />
        <div class="halves books">
          <div id="ladder" />
          <div id="depth" />
        </div>
        <p class="quiet">
          <a id="ask-at" href="/playground">
            Ask the API for this instant
          </a>
        </p>
        <p class="quiet">
          Drag, click in the chart, or use the keys: arrows go from record to record, Page Up and
          Page Down further, Home and End to the edges.
        </p>
      </div>
    </section>
  )
}
