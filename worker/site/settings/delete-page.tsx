import { type Attempted, Csrf, Field, FormFault } from '../form-fields.tsx'
import { SignInFirst } from '../keys/sign-in-first.tsx'
import type { Somebody } from '../require-person.tsx'

type DeleteProps = {
  readonly who: Somebody
  readonly fresh: boolean
  readonly attempted: Attempted
}

/** Says what deletion does, and asks for the address to be typed. */
export function DeletePage({ who, fresh, attempted }: DeleteProps) {
  return (
    <div class="narrow">
      <p class="crumbs">
        <a href="/dashboard/settings">Settings</a>
      </p>
      <h1>Delete your account?</h1>
      <ul>
        <li>Every key is revoked and every open stream is closed, at once.</li>
        <li>
          Your plan ends at once. What you used beyond your credits is on a last invoice; nothing is
          given back for this month.
        </li>
        <li>Your sign-in is forgotten, password and all; you are signed out everywhere.</li>
        <li>
          The record of what was used and paid is kept, here and at Stripe, as bookkeeping asks. For
          13 months a keyed hash of your address is kept too: free credits come once an address.
        </li>
        <li>It cannot be undone.</li>
      </ul>
      <FormFault attempted={attempted} fields={['email']} />
      {fresh ? (
        <form method="post" action="/dashboard/settings/delete">
          <Csrf csrf={who.csrf} />
          <Field
            name="email"
            label={`Type ${who.email} to confirm`}
            attempted={attempted}
            autocomplete="off"
            required
          />
          <div class="line">
            <button type="submit" class="danger">
              Delete my account
            </button>
            <a class="button second" href="/dashboard/settings">
              Keep it
            </a>
          </div>
        </form>
      ) : (
        <SignInFirst what="To delete the account" next="/dashboard/settings" />
      )}
    </div>
  )
}

/** After the end. */
export function DeletedPage() {
  return (
    <div class="alone narrow">
      <h1>Your account is deleted</h1>
      <p>
        Your keys are revoked and you are signed out. What cannot be reached at this moment is ended
        by itself within minutes.
      </p>
      <p>
        <a href="/">To the front page</a>
      </p>
    </div>
  )
}
