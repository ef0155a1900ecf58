/** The style of our pages: light and dark, narrow and wide. */
export const LIVE_STYLE = `:root {
  color-scheme: light dark;
  --ground: light-dark(#f6f7f9, #101317);
  --card: light-dark(#ffffff, #181c22);
  --ink: light-dark(#14181f, #e6e9ee);
  --quiet: light-dark(#667080, #8b95a5);
  --edge: light-dark(#e1e5ea, #272d36);
  --bid: light-dark(#0a7d4f, #3ccf8e);
  --ask: light-dark(#c0392b, #ff7a6b);
  --bid-bar: light-dark(#cdeedd, #12402c);
  --ask-bar: light-dark(#fbdcd8, #4a1f1b);
  --warn: light-dark(#9a6400, #f3b94d);
  --accent: light-dark(#2456d6, #7fa4ff);
}
* { box-sizing: border-box; }
[hidden] { display: none !important; }
body {
  margin: 0 auto; padding: 0 16px 32px; max-width: 880px; background: var(--ground); color: var(--ink);
  font: 15px/1.45 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif;
}
header { display: flex; justify-content: space-between; align-items: center; padding: 14px 0; }
.mark { font-weight: 700; letter-spacing: -0.01em; }
h1 { font-size: 22px; line-height: 1.25; margin: 6px 0 2px; letter-spacing: -0.01em; overflow-wrap: anywhere; }
h2 { font-size: 13px; margin: 0; text-transform: uppercase; letter-spacing: 0.06em; color: var(--quiet); }
.sub { margin: 0 0 16px; overflow-wrap: anywhere; }
code { font: 13px ui-monospace, SFMono-Regular, Menlo, monospace; }
.quiet { color: var(--quiet); font-size: 13px; }
.pill {
  font-size: 13px; padding: 3px 10px; border-radius: 99px; border: 1px solid var(--edge);
  background: var(--card); color: var(--quiet); white-space: nowrap;
}
.pill::before { content: "●"; margin-right: 6px; }
.pill.live { color: var(--bid); }
.pill.stale, .pill.degraded, .pill.unknown { color: var(--warn); }
.pill.stopped { color: var(--ask); }
.card { background: var(--card); border: 1px solid var(--edge); border-radius: 12px; padding: 14px; margin-bottom: 14px; }
.columns { display: grid; gap: 14px; grid-template-columns: minmax(0, 3fr) minmax(0, 2fr); align-items: start; }
.head { display: flex; justify-content: space-between; align-items: baseline; gap: 10px; margin-bottom: 8px; }
.note { margin: 0 0 10px; color: var(--warn); font-size: 14px; }
.line { display: flex; gap: 8px; margin: 6px 0; }
label { font-weight: 600; }
input {
  flex: 1; min-width: 0; font: 14px ui-monospace, monospace; padding: 9px 10px; border-radius: 8px;
  border: 1px solid var(--edge); background: var(--ground); color: inherit;
}
button { font: inherit; font-weight: 600; padding: 8px 16px; border: 0; border-radius: 8px; background: var(--accent); color: var(--card); cursor: pointer; }
button.plain { background: none; color: var(--accent); padding: 0; font-weight: 400; font-size: 13px; }
table { width: 100%; border-collapse: collapse; font-variant-numeric: tabular-nums; }
.ladder { table-layout: fixed; }
.ladder th { font-size: 12px; font-weight: 500; color: var(--quiet); padding-bottom: 4px; }
.ladder th:first-child { text-align: right; }
.ladder th:last-child { text-align: left; }
.ladder td { padding: 0; height: 25px; }
.ladder td.price { width: 88px; text-align: center; font-weight: 600; }
.ladder th:nth-child(2) { width: 88px; }
.size { position: relative; display: block; padding: 2px 8px; border-radius: 4px; overflow: hidden; }
.size i { position: absolute; inset: 1px 0; border-radius: 4px; z-index: 0; }
.size b { position: relative; font-weight: 400; }
.bid .size { text-align: right; }
.bid .size i { right: 0; left: auto; background: var(--bid-bar); }
.ask .size i { left: 0; right: auto; background: var(--ask-bar); }
.bid .price { color: var(--bid); }
.ask .price { color: var(--ask); }
.spread td { text-align: center; color: var(--quiet); font-size: 13px; border-block: 1px solid var(--edge); }
.dim { opacity: 0.45; }
.trades td { padding: 3px 0; white-space: nowrap; }
.trades td:nth-child(2), .trades td:nth-child(3) { text-align: right; }
.trades .yes { color: var(--bid); }
.trades .no { color: var(--ask); }
.trades .when { color: var(--quiet); font-size: 13px; }
.alone { padding-top: 15vh; text-align: center; }
@media (max-width: 640px) {
  .columns { grid-template-columns: minmax(0, 1fr); gap: 0; }
  h1 { font-size: 19px; }
}
`
