import { html } from 'hono/html'
import type { MarketTitle } from '../store/market-titles.ts'
import type { Html } from './page.ts'

/** The page of one market before its script has filled it: everything of the exchange's is escaped. */
export function liveBody({ ticker, event, title, yesSubTitle }: MarketTitle): Html {
  return html`<header>
<span class="mark">KalshiBook</span>
<span id="feed" class="pill" role="status">not connected</span>
</header>
<main id="live" data-ticker="${ticker}">
<h1>${title}</h1>
<p class="sub">${yesSubTitle ?? ''} <code>${ticker}</code> <span class="quiet">of ${event}</span></p>
<noscript><p class="note">This page needs JavaScript.</p></noscript>
<form id="key-form" class="card" hidden>
<label for="key">API key</label>
<div class="line"><input id="key" type="password" autocomplete="off" spellcheck="false" placeholder="kb_live_…" required>
<button type="submit">Watch</button></div>
<p id="key-note" class="quiet"></p>
</form>
<div class="columns">
<section class="card" aria-label="Order book">
<div class="head"><h2>Book</h2><span id="seq" class="quiet"></span></div>
<p id="why" class="note" hidden></p>
<table class="ladder">
<thead><tr><th scope="col">Bids</th><th scope="col">Price</th><th scope="col">Asks</th></tr></thead>
<tbody id="asks"></tbody>
<tbody><tr class="spread"><td colspan="3" id="spread">—</td></tr></tbody>
<tbody id="bids"></tbody>
</table>
</section>
<section class="card" aria-label="Last trades">
<div class="head"><h2>Trades</h2><span id="trade-note" class="quiet"></span></div>
<table class="trades"><tbody id="trades"><tr><td class="quiet">none yet</td></tr></tbody></table>
</section>
</div>
<p class="foot"><span id="age" class="quiet"></span> <button id="forget" type="button" class="plain" hidden>Forget the key</button></p>
</main>`
}
