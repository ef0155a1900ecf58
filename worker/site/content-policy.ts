/** What a page may do beyond what all may. */
export type PolicyParts = {
  /** Origins to which its forms may lead on, by a redirect too. */
  readonly formOrigins?: readonly string[]
  /** A foreign script on it writes HTML and styles by itself. */
  readonly foreignScript?: boolean
}

/**
 * The content security policy of a page: it is made of files of ours alone, nothing in it is inline, and it speaks to this
 * host alone.
 * @param url of the request
 */
export function contentPolicy(url: string, parts: PolicyParts = {}): string {
  const { host, protocol } = new URL(url)
  // Not every browser takes the sockets of its own host for 'self'.
  const socket = `${protocol === 'https:' ? 'wss' : 'ws'}://${host}`
  const { formOrigins = [], foreignScript = false } = parts
  return [
    "default-src 'none'",
    "script-src 'self'",
    `style-src 'self'${foreignScript ? " 'unsafe-inline'" : ''}`,
    "img-src 'self' data:",
    ...(foreignScript ? ["font-src 'self' data:"] : []),
    `connect-src 'self' ${socket}`,
    `form-action ${["'self'", ...formOrigins].join(' ')}`,
    "base-uri 'none'",
    "frame-ancestors 'none'",
    ...(foreignScript ? [] : ["require-trusted-types-for 'script'"]),
  ].join('; ')
}
