import type { OwnError } from './own-call.ts'
import { saySentence, sayWait } from './say-refusal.ts'

/** What a form shows of an attempt that failed: what was typed, and what is wrong. */
export type Attempted = {
  readonly typed: Readonly<Record<string, string>>
  readonly error: OwnError
} | null

type FieldProps = {
  readonly name: string
  readonly label: string
  readonly type?: string
  readonly hint?: string
  readonly attempted: Attempted
  readonly required?: boolean
  readonly autocomplete?: string
  readonly value?: string
  readonly min?: number
  readonly max?: number
  readonly minlength?: number
  readonly inputmode?: 'numeric' | 'decimal' | 'email'
}

/** A field with its label, its hint, and what is wrong with it beside it. Passwords are not written back. */
export function Field({ name, label, hint, attempted, value, type = 'text', ...rest }: FieldProps) {
  const fault = attempted?.error.param === name ? attempted.error.message : null
  const typed = type === 'password' ? undefined : (attempted?.typed[name] ?? value)
  const about = [hint === undefined ? '' : `${name}-hint`, fault === null ? '' : `${name}-fault`]
  const describedBy = about.filter((id) => id !== '').join(' ')
  return (
    <div class="field">
      <label for={name}>{label}</label>
      <input
        id={name}
        name={name}
        type={type}
        {...(typed === undefined ? {} : { value: typed })}
        {...(describedBy === '' ? {} : { 'aria-describedby': describedBy })}
        {...(fault === null ? {} : { 'aria-invalid': 'true', autofocus: true })}
        {...rest}
      />
      {hint === undefined ? null : (
        <p class="quiet" id={`${name}-hint`}>
          {hint}
        </p>
      )}
      {fault === null ? null : (
        <p class="fault" id={`${name}-fault`}>
          {saySentence(fault)}
        </p>
      )}
    </div>
  )
}

type FaultProps = { readonly attempted: Attempted; readonly fields: readonly string[] }

/** What is wrong with a form as a whole: what is not said beside one of its fields. */
export function FormFault({ attempted, fields }: FaultProps) {
  if (attempted === null || fields.includes(attempted.error.param ?? '')) return null
  const { code, message, retryAfterMs, requestId } = attempted.error
  const isOurs = code === 'upstream_degraded' || code === 'internal'
  return (
    <div class="note bad" role="alert">
      <p>
        {saySentence(message)}
        {code !== 'rate_limited' || retryAfterMs === null
          ? ''
          : ` You can try again in ${sayWait(retryAfterMs)}.`}
      </p>
      {isOurs ? (
        <p>
          This is our fault, and nothing was done. Try again in a minute; how things are:{' '}
          <a href="/status">status</a>. Request <code>{requestId}</code>
        </p>
      ) : null}
    </div>
  )
}

/** The session's word against forgery, in a form. */
export function Csrf({ csrf }: { readonly csrf: string }) {
  return <input type="hidden" name="csrf_token" value={csrf} />
}
