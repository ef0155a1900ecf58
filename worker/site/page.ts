import type { Context } from 'hono'
import { html } from 'hono/html'
import type { App } from '../context.ts'

/** HTML in which every text that was put in is escaped. */
export type Html = ReturnType<typeof html>

const STYLE_PATH = '/site/live.css'

/** What a page is made of. */
export type PageParts = {
  readonly title: string
  readonly body: Html
  /** Paths of our own scripts. */
  readonly scripts?: readonly string[]
}

/**
 * Answers with a page: nothing in it comes from elsewhere, nothing is written inline, and it speaks to this host alone.
 */
export async function answerPage(
  c: Context<App>,
  { title, body, scripts = [] }: PageParts,
  status: 200 | 404 | 503 = 200,
): Promise<Response> {
  const { host, protocol } = new URL(c.req.url)
  const socket = `${protocol === 'https:' ? 'wss' : 'ws'}://${host}`
  c.header('Content-Security-Policy', policy(socket))
  c.header('X-Content-Type-Options', 'nosniff')
  c.header('Referrer-Policy', 'no-referrer')
  c.header('Cross-Origin-Opener-Policy', 'same-origin')
  const text = await html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title} · KalshiBook</title>
<link rel="stylesheet" href="${STYLE_PATH}">
${scripts.map((path) => html`<script src="${path}" defer></script>`)}
</head>
<body>
${body}
</body>
</html>
`
  return c.html(text, status)
}

/** @param socket the one address to which sockets may be opened: not every browser takes it for 'self' */
function policy(socket: string): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    `connect-src 'self' ${socket}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
  ].join('; ')
}
