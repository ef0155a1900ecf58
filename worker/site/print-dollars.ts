/** An amount as pages write it: `$39`, `$12.35`, `−$3`. @param cents a whole number */
export function printDollars(cents: number): string {
  const whole = Math.abs(cents)
  const text = (whole / 100).toLocaleString('en-US', {
    minimumFractionDigits: whole % 100 === 0 ? 0 : 2,
    maximumFractionDigits: 2,
  })
  return `${cents < 0 ? '−' : ''}$${text}`
}

/** Reads dollars as somebody typed them, `50`, `$49.50`, `1,000`; null for what is no such amount. @returns cents */
export function readDollars(text: string): number | null {
  const [, whole, part = ''] =
    /^\$?(\d{1,9})(?:\.(\d{1,2}))?$/.exec(text.trim().replaceAll(',', '')) ?? []
  return whole === undefined ? null : Number(whole) * 100 + Number(part.padEnd(2, '0'))
}
