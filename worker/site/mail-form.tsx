import { EmailField } from './email-field.tsx'
import { type Attempted, FormFault } from './form-fields.tsx'

/** What a link in a mail is asked for. */
export type LinkKind = 'signIn' | 'reset'

type MailFormProps = {
  readonly kind: LinkKind
  readonly attempted?: Attempted
  /** Where the link leads on to; empty where that is not known. */
  readonly next?: string
  readonly email?: string
}

const ACTION = { signIn: '/login/link', reset: '/reset' } as const

/** The form that has a link mailed. */
export function MailForm({ kind, attempted = null, next = '', email = '' }: MailFormProps) {
  return (
    <>
      <FormFault attempted={attempted} fields={['email']} />
      <form method="post" action={ACTION[kind]} class="card">
        {next === '' ? null : <input type="hidden" name="next" value={next} />}
        <EmailField value={email} attempted={attempted} />
        <button type="submit">Mail me a link</button>
      </form>
    </>
  )
}
