import type { Mail } from './auth-state.ts'

/** The mails that were sent, the latest first, as a page. */
export function mailboxPage(mails: readonly Mail[]): string {
  const rows = mails
    .toReversed()
    .map(({ to, subject, link, otp, sent_at }) => {
      const [href, code] = [escaped(link), escaped(otp)]
      return `<article><h2>${escaped(subject)}</h2>
<p>to ${escaped(to)}, ${escaped(sent_at)}</p>
<p><a href="${href}">${href}</a></p><p>or the code ${code}</p></article>`
    })
    .join('\n')
  return `<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="color-scheme" content="light dark">
<title>Mailbox of this machine</title>
<h1>Mails that would have been sent</h1>
${rows === '' ? '<p>None yet.</p>' : rows}
</html>
`
}

function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
}
