import { MOST_CAP, MOST_NAME } from '#core/key-asked'
import { SCOPES, type Scope } from '#core/scope'
import { type Attempted, Csrf, Field, FormFault } from '../form-fields.tsx'
import { printCount } from '../print-count.ts'
import { saySentence } from '../say-refusal.ts'

const FIELDS = ['name', 'scopes', 'expires', 'month_cap']
const MEANS: Readonly<Record<Scope, string>> = {
  live: 'books as they are now, and streams',
  history: 'the record of the past',
  account: 'what this account may do and has used',
}

type FormProps = {
  readonly csrf: string
  readonly attempted: Attempted
  /** The form's own word, so that what is sent twice makes one key. */
  readonly word: string
}

/** The form that makes a key. */
export function NewKeyForm({ csrf, attempted, word }: FormProps) {
  const fault = attempted?.error.param === 'scopes' ? attempted.error.message : null
  const isChosen = (scope: Scope) =>
    attempted === null || attempted.typed[`scope_${scope}`] !== undefined
  return (
    <form method="post" action="/dashboard/keys" class="card fields">
      <h2>Make a key</h2>
      <FormFault attempted={attempted} fields={FIELDS} />
      <Csrf csrf={csrf} />
      <input type="hidden" name="request_id" value={word} />
      <Field
        name="name"
        label="Name"
        hint={`What will use it: up to ${MOST_NAME} characters, for you alone.`}
        attempted={attempted}
        required
        autocomplete="off"
      />
      <fieldset {...(fault === null ? {} : { 'aria-describedby': 'scopes-fault' })}>
        <legend>It may read</legend>
        {SCOPES.map((scope) => (
          <label class="check">
            <input type="checkbox" name={`scope_${scope}`} checked={isChosen(scope)} />
            <span>
              <b>{scope}</b> <span class="quiet">{MEANS[scope]}</span>
            </span>
          </label>
        ))}
        {fault === null ? null : (
          <p class="bad" id="scopes-fault">
            {saySentence(fault)}
          </p>
        )}
      </fieldset>
      <details open={Object.keys(attempted?.typed ?? {}).some(isLimit(attempted))}>
        <summary>Limits</summary>
        <div class="pair">
          <Field
            name="expires"
            label="Last day"
            type="date"
            hint="UTC. Empty: it works until you revoke it."
            attempted={attempted}
          />
          <CapField attempted={attempted} value="" />
        </div>
      </details>
      <p>
        <button type="submit">Make the key</button>
      </p>
    </form>
  )
}

function isLimit(attempted: Attempted): (name: string) => boolean {
  return (name) => ['expires', 'month_cap'].includes(name) && attempted?.typed[name] !== ''
}

/** The field of a key's cap. */
export function CapField({
  attempted,
  value,
}: {
  readonly attempted: Attempted
  readonly value: string
}) {
  return (
    <Field
      name="month_cap"
      label="Credits a month, at most"
      hint={`A whole number up to ${printCount(MOST_CAP)}. Empty: no cap.`}
      attempted={attempted}
      inputmode="numeric"
      autocomplete="off"
      value={value}
    />
  )
}

/** The one press by which who has just signed up gets a key. */
export function FirstKeyForm({ csrf, word }: Omit<FormProps, 'attempted'>) {
  return (
    <form method="post" action="/dashboard/keys" class="card alone">
      <h2>Your account is ready</h2>
      <p>
        One press makes your first key. It may read everything, and you can change or revoke it at
        any time.
      </p>
      <Csrf csrf={csrf} />
      <input type="hidden" name="request_id" value={word} />
      <input type="hidden" name="name" value="first key" />
      {SCOPES.map((scope) => (
        <input type="hidden" name={`scope_${scope}`} value="on" />
      ))}
      <button type="submit" autofocus>
        Make my key
      </button>
    </form>
  )
}
