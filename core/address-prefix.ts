/** The network that an address is counted with: /24 of IPv4, /64 of IPv6; null for what is no address. */
export function addressPrefix(address: string): string | null {
  const v4 = ipv4Of(address)
  if (v4 !== null) return `${v4.slice(0, 3).join('.')}.0/24`
  const groups = ipv6Of(address)
  if (groups === null) return null
  const [a, b, c, d, e, f, g = 0, h = 0] = groups
  // An IPv4 address in the clothes of IPv6 (RFC 4291 §2.5.5.2).
  if (a === 0 && b === 0 && c === 0 && d === 0 && e === 0 && f === 0xffff) {
    return `${g >> 8}.${g & 0xff}.${h >> 8}.0/24`
  }
  const printed = groups.slice(0, 4).map((group) => group.toString(16))
  return `${printed.join(':')}::/64`
}

function ipv4Of(text: string): readonly number[] | null {
  const parts = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text)?.slice(1).map(Number)
  return parts === undefined || parts.some((part) => part > 255) ? null : parts
}

function ipv6Of(text: string): readonly number[] | null {
  const v4 = /^(.*:)([\d.]+)$/.exec(text)
  const tail = v4?.[2]?.includes('.') ? ipv4Of(v4[2]) : null
  if (v4?.[2]?.includes('.') && tail === null) return null
  const [w = 0, x = 0, y = 0, z = 0] = tail ?? []
  const word = (high: number, low: number) => ((high << 8) | low).toString(16)
  const plain = tail === null ? text : `${v4?.[1]}${word(w, x)}:${word(y, z)}`
  const halves = plain.split('::')
  if (halves.length > 2) return null
  const [left, right] = halves.map((half) => (half === '' ? [] : half.split(':')))
  if (left === undefined) return null
  const missing = 8 - left.length - (right?.length ?? 0)
  if (right === undefined ? missing !== 0 : missing < 1) return null
  const all = [
    ...left,
    ...Array<string>(right === undefined ? 0 : missing).fill('0'),
    ...(right ?? []),
  ]
  return all.every((group) => /^[0-9a-f]{1,4}$/i.test(group))
    ? all.map((group) => Number.parseInt(group, 16))
    : null
}
