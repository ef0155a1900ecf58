/** Where the links in mails lead, and where their button sends. */
export const CONFIRM_PATH = '/auth/confirm'

/** What a mailed link holds. */
export type MailedLink = {
  readonly token_hash: string
  readonly type: string
  readonly next?: string | undefined
}

/** The button that uses a mailed link up. */
export function LinkButton({
  link,
  children,
}: {
  readonly link: MailedLink
  readonly children: string
}) {
  return (
    <form method="post" action={CONFIRM_PATH} class="field">
      <input type="hidden" name="token_hash" value={link.token_hash} />
      <input type="hidden" name="type" value={link.type} />
      {link.next ? <input type="hidden" name="next" value={link.next} /> : null}
      <button type="submit">{children}</button>
    </form>
  )
}
