type SignInProps = {
  /** `To make a key`. */
  readonly what: string
  readonly next: string
}

/** In place of a form that an old session may not send. */
export function SignInFirst({ what, next }: SignInProps) {
  return (
    <div class="note">
      <p>
        {what}, sign in again: you last did so more than 10 minutes ago, and this could cost money.
      </p>
      <p>
        <a class="button" href={`/login?${new URLSearchParams({ next, why: 'fresh' })}`}>
          Sign in again
        </a>
      </p>
    </div>
  )
}
