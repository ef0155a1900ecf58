import { type Attempted, Field } from './form-fields.tsx'

type NewPasswordProps = {
  readonly label: string
  /** What setting it does besides. */
  readonly effect?: string
  readonly attempted: Attempted
}

/** The field of a password that is chosen. */
export function NewPasswordField({ label, effect = '', attempted }: NewPasswordProps) {
  return (
    <Field
      name="password"
      label={label}
      type="password"
      autocomplete="new-password"
      minlength={8}
      required
      hint={['8 characters or more.', effect].join(' ').trim()}
      attempted={attempted}
    />
  )
}
