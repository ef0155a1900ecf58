/**
 * Whether another try may succeed: an object was moved, restarted or has too much to do.
 * https://developers.cloudflare.com/durable-objects/best-practices/error-handling/
 */
export function isPassing(error: unknown): boolean {
  const { retryable, overloaded } = error as { retryable?: unknown; overloaded?: unknown }
  return retryable === true || overloaded === true
}
