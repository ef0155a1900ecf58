/** Prints JSON that Postgres's jsonb takes: it holds neither U+0000 nor half a surrogate pair. */
export function printStorable(value: unknown): string {
  return JSON.stringify(value, (_, each) =>
    typeof each === 'string' ? each.toWellFormed().replaceAll('\u0000', '\uFFFD') : each,
  )
}
