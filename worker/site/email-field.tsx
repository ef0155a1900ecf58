import { type Attempted, Field } from './form-fields.tsx'

type EmailProps = { readonly value?: string; readonly attempted: Attempted }

/** The field of the address by which somebody is known. */
export function EmailField({ value = '', attempted }: EmailProps) {
  return (
    <Field
      name="email"
      label="Email address"
      type="email"
      autocomplete="username"
      inputmode="email"
      required
      value={value}
      attempted={attempted}
    />
  )
}
