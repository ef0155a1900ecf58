import { MOST_OVERLAP_HOURS } from '#core/key-asked'
import type { ShownKey } from '../account-keys.ts'
import { DashboardTabs } from '../dashboard-tabs.tsx'
import { type Attempted, Csrf, Field, FormFault } from '../form-fields.tsx'
import { printMoment } from '../print-moment.ts'
import { KeyState, lastUse, printCredits } from './key-list.tsx'
import { CapField } from './new-key-form.tsx'
import { SignInFirst } from './sign-in-first.tsx'

type KeyPageProps = {
  readonly shown: ShownKey
  readonly csrf: string
  /** Whether the session is young enough for a change. */
  readonly fresh: boolean
  readonly attempted: Attempted
  readonly note?: string | null
}

/** One key: how it stands, and what may be changed of it. */
export function KeyPage({ shown, csrf, fresh, attempted, note = null }: KeyPageProps) {
  return (
    <>
      <DashboardTabs path="/dashboard/keys" />
      <p class="crumbs">
        <a href="/dashboard/keys">Keys</a>
      </p>
      <h1>{shown.name}</h1>
      {note === null ? null : (
        <div class="note" role="status">
          <p>{note}</p>
        </div>
      )}
      <dl class="facts card">
        <Fact name="Key">
          <code>{shown.display}…</code>
        </Fact>
        <Fact name="State">
          <KeyState shown={shown} />
        </Fact>
        <Fact name="May read">{shown.scopes.join(', ')}</Fact>
        <Fact name="Made">{printMoment(shown.created_ts)}</Fact>
        <Fact name="Last used">{lastUse(shown)}</Fact>
        <Fact name="Used this month">{creditsSaid(shown.used_this_month)}</Fact>
        <Fact name="Cap">
          {shown.month_cap === null ? 'none' : `${printCredits(shown.month_cap)} credits a month`}
        </Fact>
      </dl>
      {shown.state !== 'active' ? (
        <p>
          This key opens nothing any more. <a href="/dashboard/keys">Make another</a>.
        </p>
      ) : fresh ? (
        <Changes shown={shown} csrf={csrf} attempted={attempted} />
      ) : (
        <SignInFirst what="To change a key" next="/dashboard/keys" />
      )}
    </>
  )
}

function creditsSaid(credits: number | null): string {
  return `${printCredits(credits)} ${credits === 1 ? 'credit' : 'credits'}`
}

function Fact({ name, children }: { readonly name: string; readonly children?: unknown }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  )
}

function Changes({ shown, csrf, attempted }: Pick<KeyPageProps, 'shown' | 'csrf' | 'attempted'>) {
  const { id, month_cap } = shown
  const path = `/dashboard/keys/${id}`
  return (
    <>
      <FormFault attempted={attempted} fields={['month_cap', 'overlap_hours']} />
      <div class="grid">
        <form method="post" action={`${path}/cap`} class="card">
          <h2>Cap</h2>
          <Csrf csrf={csrf} />
          <CapField attempted={attempted} value={month_cap === null ? '' : String(month_cap)} />
          <button type="submit" class="second">
            Set the cap
          </button>
        </form>
        <form method="post" action={`${path}/rotate`} class="card">
          <h2>Rotate</h2>
          <Csrf csrf={csrf} />
          <Field
            name="overlap_hours"
            label="The old key works on for (hours)"
            hint={`0 to ${MOST_OVERLAP_HOURS}. A new key takes its place, with the same rights.`}
            attempted={attempted}
            inputmode="numeric"
            value="24"
            required
          />
          <button type="submit" class="second">
            Make its successor
          </button>
        </form>
        <div class="card">
          <h2>Revoke</h2>
          <p>Whatever uses it is refused from then on. It cannot be undone.</p>
          <a class="button second" href={`${path}/revoke`}>
            Revoke…
          </a>
        </div>
      </div>
    </>
  )
}

/** Asks once more before a key is revoked. */
export function RevokePage({ shown, csrf }: { readonly shown: ShownKey; readonly csrf: string }) {
  return (
    <div class="narrow">
      <h1>Revoke {shown.name}?</h1>
      <p>
        <code>{shown.display}…</code> Last used: {lastUse(shown)}. Its next call is answered 401 and
        its open streams are closed. It cannot be undone.
      </p>
      <form method="post" action={`/dashboard/keys/${shown.id}/revoke`} class="line">
        <Csrf csrf={csrf} />
        <button type="submit" class="danger">
          Revoke it now
        </button>
        <a class="button second" href={`/dashboard/keys/${shown.id}`}>
          Keep it
        </a>
      </form>
    </div>
  )
}
