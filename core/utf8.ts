/** How many bytes a text takes in UTF-8; a lone surrogate counts as the three of its replacement. */
export function utf8Bytes(text: string): number {
  let bytes = text.length
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    if (unit < 0x80) continue
    const next = text.charCodeAt(i + 1)
    const pair = unit >= 0xd800 && unit < 0xdc00 && next >= 0xdc00 && next < 0xe000
    bytes += pair ? 2 : unit < 0x800 ? 1 : 2
    if (pair) i += 1
  }
  return bytes
}
