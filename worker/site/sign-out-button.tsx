import { Csrf } from './form-fields.tsx'

/** The button that ends the session, on pages of who is signed in. @param props.csrf the session's word */
export function SignOutButton({ csrf }: { readonly csrf: string }) {
  return (
    <form method="post" action="/sign-out">
      <Csrf csrf={csrf} />
      <button type="submit" class="second">
        Sign out
      </button>
    </form>
  )
}
