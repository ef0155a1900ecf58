import type { ShownKey } from '../account-keys.ts'
import { printCount } from '../print-count.ts'
import { printDay, printMoment } from '../print-moment.ts'

/** The keys of an account: those that work, and below them those that have ended. */
export function KeyList({ keys }: { readonly keys: readonly ShownKey[] }) {
  const working = keys.filter(({ state }) => state === 'active')
  const ended = keys.filter(({ state }) => state !== 'active')
  return (
    <>
      {working.length === 0 ? <p>No key works now.</p> : <KeyTable keys={working} />}
      {ended.length === 0 ? null : (
        <details>
          <summary>Ended keys ({ended.length})</summary>
          <KeyTable keys={ended} />
        </details>
      )}
    </>
  )
}

function KeyTable({ keys }: { readonly keys: readonly ShownKey[] }) {
  return (
    <div class="scroll">
      <table class="keys stacked">
        <thead>
          <tr>
            <th>Name</th>
            <th>Key</th>
            <th>May read</th>
            <th class="num">Used this month</th>
            <th class="num">Cap</th>
            <th>Last used</th>
            <th>State</th>
          </tr>
        </thead>
        <tbody>
          {keys.map((key) => (
            <tr>
              <td data-label="Name">
                <a href={`/dashboard/keys/${key.id}`}>{key.name}</a>
              </td>
              <td data-label="Key">
                <code>{key.display}…</code>
              </td>
              <td data-label="May read">{key.scopes.join(', ')}</td>
              <td data-label="Used this month" class="num">
                {printCredits(key.used_this_month)}
              </td>
              <td data-label="Cap" class="num">
                {key.month_cap === null ? 'none' : printCredits(key.month_cap)}
              </td>
              <td data-label="Last used">{lastUse(key)}</td>
              <td data-label="State">
                <KeyState shown={key} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

/** Whether a key works, and until when. */
export function KeyState({ shown }: { readonly shown: ShownKey }) {
  const { state, expires_ts, revoked_ts } = shown
  switch (state) {
    case 'active':
      return expires_ts === null ? (
        <span class="pill good">works</span>
      ) : (
        <span class="pill warn">works until {printMoment(expires_ts)}</span>
      )
    case 'expired':
      return <span class="pill">ended {expires_ts === null ? '' : printDay(expires_ts)}</span>
    case 'revoked':
      return <span class="pill bad">revoked {revoked_ts === null ? '' : printDay(revoked_ts)}</span>
  }
}

/** When a key was last used; what its account’s object knows of this hour is not told in time yet. */
export function lastUse({ last_used_ts, used_this_month }: ShownKey): string {
  if (last_used_ts !== null) return printMoment(last_used_ts)
  return used_this_month !== null && used_this_month > 0 ? 'lately' : 'never'
}

/** Credits with commas; a dash when they cannot be told now. */
export function printCredits(credits: number | null): string {
  return credits === null ? '–' : printCount(credits)
}
