/** A count with commas, `12,345`; `null` for what is not known. */
export function printCount(count: number | null): string {
  return count === null ? 'not known' : Math.round(count).toLocaleString('en-US')
}
