/**
 * Logs a fault of ours: its name, code and place, never its message, which may hold a key or a row.
 * @param requestId the id that the caller was given
 */
export function logFault(error: unknown, requestId: string): void {
  const { name, code, stack } = error as { name?: unknown; code?: unknown; stack?: unknown }
  const places = String(stack)
    .split('\n')
    .filter((line) => /^\s+at /.test(line))
    .slice(0, 8)
    .map((line) => line.trim())
  console.error(JSON.stringify({ event: 'fault', requestId, name, code, places }))
}
