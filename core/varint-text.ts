import type { VarintReader, VarintWriter } from './varint.ts'

/** Writes any text, lone surrogates included; a character of ASCII takes one byte. */
export function writeText(out: VarintWriter, text: string): void {
  out.unsigned(text.length)
  for (let i = 0; i < text.length; i++) out.unsigned(text.charCodeAt(i))
}

/** Reads what `writeText` wrote. */
export function readText(bytes: VarintReader): string {
  let text = ''
  for (let left = bytes.count(1); left > 0; left--) text += String.fromCharCode(bytes.unsigned())
  return text
}
