/** Writes one event as a JSON line on stderr. Never a credential, a body or a row. */
export function logEvent(
  event: string,
  fields: Readonly<Record<string, string | number | boolean | null>> = {},
): void {
  process.stderr.write(`${JSON.stringify({ at: new Date().toISOString(), event, ...fields })}\n`)
}
