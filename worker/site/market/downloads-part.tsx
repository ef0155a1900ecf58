const KINDS = [
  ['ndjson', 'NDJSON, the log as it is'],
  ['stream', 'NDJSON, the messages of a stream'],
  ['csv', 'CSV'],
  ['tardis', 'CSV as Tardis incremental_book_L2'],
] as const

type DownloadsProps = { readonly firstDay: string; readonly lastDay: string }

/** The part of a market's page that makes files of a day; its script fills it. */
export function DownloadsPart({ firstDay, lastDay }: DownloadsProps) {
  return (
    <section class="card" aria-labelledby="files-title">
      <h2 id="files-title">Files of a day</h2>
      <form id="file-form" class="line window">
        <div>
          <label for="file-day">Day, UTC</label>
          <input id="file-day" type="date" min={firstDay} max={lastDay} value={lastDay} required />
        </div>
        <div>
          <label for="file-kind">As</label>
          <select id="file-kind">
            {KINDS.map(([value, name]) => (
              <option value={value}>{name}</option>
            ))}
          </select>
        </div>
        <button type="submit">Download</button>
      </form>
      <p id="file-note" class="quiet" role="status" />
      <div class="copy">
        <pre tabindex={0}>
          <code id="file-curl" />
        </pre>
        <button type="button" class="second" data-copies="file-curl" hidden>
          Copy
        </button>
      </div>
    </section>
  )
}
