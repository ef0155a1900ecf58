import type { OpenStream } from '#core/account-word'
import { printCount } from '../print-count.ts'
import { printMoment } from '../print-moment.ts'
import type { KeyNames } from './key-names.ts'

type Props = { readonly streams: readonly OpenStream[] | null; readonly names: KeyNames }

/** The connections that are open now. */
export function OpenStreams({ streams, names }: Props) {
  return (
    <section class="card" aria-labelledby="streams">
      <div class="head">
        <h2 id="streams">Live connections</h2>
        <a href="/dashboard">Look again</a>
      </div>
      {streams === null ? (
        <p>The account does not answer now. Its streams go on.</p>
      ) : streams.length === 0 ? (
        <p>
          No stream is open. <a href="/docs/streaming">How to open one</a>
        </p>
      ) : (
        <StreamTable streams={streams} names={names} />
      )}
    </section>
  )
}

function StreamTable({ streams, names }: Props & { readonly streams: readonly OpenStream[] }) {
  return (
    <div class="scroll">
      <table class="stacked">
        <thead>
          <tr>
            <th scope="col">Follows</th>
            <th scope="col">Key</th>
            <th scope="col">Since (UTC)</th>
            <th scope="col" class="num">
              Credits
            </th>
            <th scope="col">Request</th>
          </tr>
        </thead>
        <tbody>
          {streams.map((stream) => (
            <tr>
              <td data-label="Follows">
                <Followed stream={stream} />
              </td>
              <td data-label="Key">{names(stream.keyId)}</td>
              <td data-label="Since (UTC)">
                {printMoment(new Date(stream.openedMs).toISOString())}
              </td>
              <td data-label="Credits" class="num">
                {printCount(stream.credits)}
              </td>
              <td data-label="Request">
                <code>{stream.requestId}</code>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

function Followed({ stream: { market, markets } }: { readonly stream: OpenStream }) {
  if (market !== null) return <a href={`/markets/${market}`}>{market}</a>
  if (markets === null) return <>any markets</>
  return <>{markets === 1 ? '1 market' : `${printCount(markets)} markets`}</>
}
