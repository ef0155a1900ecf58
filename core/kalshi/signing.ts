/**
 * The text that a request's signature is made of: milliseconds, method and path from the root,
 * without host or query (https://docs.kalshi.com/getting_started/api_keys).
 */
export function signedText(timestampMs: number, method: string, path: string): string {
  return `${timestampMs}${method}${path}`
}
