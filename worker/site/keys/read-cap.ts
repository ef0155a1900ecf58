/** A whole number as it was typed, null for none; what is no number is left for the route to refuse. */
export function readCap(text: string): number | string | null {
  const plain = text.replaceAll(',', '').trim()
  if (plain === '') return null
  return /^\d{1,12}$/.test(plain) ? Number(plain) : text
}
