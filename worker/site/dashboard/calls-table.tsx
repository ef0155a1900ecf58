import { printCount } from '../print-count.ts'
import type { ShownCall } from './account-calls.ts'
import { breakable } from './breakable.tsx'
import type { KeyNames } from './key-names.ts'
import { routeName } from './route-name.ts'

type Props = { readonly calls: readonly ShownCall[]; readonly names: KeyNames }

/** Calls, one a row. */
export function CallsTable({ calls, names }: Props) {
  return (
    <div class="scroll">
      <table class="stacked calls">
        <thead>
          <tr>
            <th scope="col">Time (UTC)</th>
            <th scope="col">Call</th>
            <th scope="col">Status</th>
            <th scope="col" class="num">
              Credits
            </th>
            <th scope="col" class="num">
              Took
            </th>
            <th scope="col">Key</th>
            <th scope="col">Request id</th>
          </tr>
        </thead>
        <tbody>
          {calls.map((call) => (
            <tr>
              <td data-label="Time (UTC)" class="when">
                <time datetime={call.ts}>{`${call.ts.slice(0, 10)} ${call.ts.slice(11, 23)}`}</time>
              </td>
              <td data-label="Call">
                {call.method} {breakable(routeName(call.route))}
              </td>
              <td data-label="Status">
                <span class={call.outcome}>{wordOf(call)}</span>
              </td>
              <td data-label="Credits" class="num">
                {call.outcome === 'open' ? '–' : printCount(call.credits)}
              </td>
              <td data-label="Took" class="num">
                {call.ms === null ? '–' : printMs(call.ms)}
              </td>
              <td data-label="Key">{names(call.key)}</td>
              <td data-label="Request id" class="id">
                <code>{call.request_id}</code>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

/** What a status means where its number does not say it. */
const MEANT: Readonly<Record<number, string>> = {
  101: 'stream opened',
  304: 'unchanged',
  401: 'key ended',
  402: 'no credits',
  404: 'not found',
  422: 'wrong parameter',
  429: 'too many',
}

function wordOf({ outcome, status, broke_off, lost }: ShownCall): string {
  if (outcome === 'open') return 'under way'
  if (lost) return 'not answered'
  if (status === null) return 'answered'
  if (broke_off) return `${status} broke off`
  const meant = MEANT[status]
  return meant === undefined ? String(status) : `${status} ${meant}`
}

function printMs(ms: number): string {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`
}
