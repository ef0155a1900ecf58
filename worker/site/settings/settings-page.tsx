import { DashboardTabs } from '../dashboard-tabs.tsx'
import { type Attempted, Csrf, FormFault } from '../form-fields.tsx'
import { SignInFirst } from '../keys/sign-in-first.tsx'
import { NewPasswordField } from '../new-password-field.tsx'
import type { Somebody } from '../require-person.tsx'
import { SignOutButton } from '../sign-out-button.tsx'

type SettingsProps = {
  readonly who: Somebody
  readonly fresh: boolean
  readonly attempted: Attempted
  /** The password was changed just now. */
  readonly isChanged: boolean
}

/** Who is signed in, and what they may do about it. */
export function SettingsPage({ who, fresh, attempted, isChanged }: SettingsProps) {
  return (
    <>
      <DashboardTabs path="/dashboard/settings" />
      <h1>Settings</h1>
      {isChanged ? (
        <div class="note" role="status">
          <p>
            The password is changed. Other browsers can change nothing from now on, and see nothing
            after an hour.
          </p>
        </div>
      ) : null}
      <div class="card fields">
        <h2>You</h2>
        <p>
          Signed in as <b>{who.email}</b>.
        </p>
        <p class="quiet">
          Account <code>{who.accountId}</code>
        </p>
        <SignOutButton csrf={who.csrf} />
      </div>
      <div class="card fields">
        <h2>Password</h2>
        <FormFault attempted={attempted} fields={['password']} />
        {fresh ? (
          <form method="post" action="/dashboard/settings/password">
            <Csrf csrf={who.csrf} />
            <input type="hidden" name="username" value={who.email} autocomplete="username" />
            <NewPasswordField
              label="New password"
              effect="It signs out every other browser. Your API keys work on."
              attempted={attempted}
            />
            <button type="submit">Change the password</button>
          </form>
        ) : (
          <SignInFirst what="To change the password" next="/dashboard/settings" />
        )}
      </div>
      <div class="card fields">
        <h2>Delete the account</h2>
        <p>Your keys and your plan end at once. It cannot be undone.</p>
        <a class="button second" href="/dashboard/settings/delete">
          Delete the account…
        </a>
      </div>
    </>
  )
}
