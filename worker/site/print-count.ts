/** A count with commas: `12,345`. */
export function printCount(count: number): string {
  return Math.round(count).toLocaleString('en-US')
}
