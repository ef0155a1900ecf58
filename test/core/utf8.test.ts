import fc from 'fast-check'
import { expect, test } from 'vitest'
import { utf8Bytes } from '#core/utf8'

test('bytes are those of the encoder, whatever the text', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(utf8Bytes(text)).toBe(Buffer.byteLength(text))
    }),
  )
  for (const text of ['', 'é', '€', '😀', '\ud800', 'a\udc00b', '\ud800\ud800\udc00']) {
    expect([text, utf8Bytes(text)]).toEqual([text, Buffer.byteLength(text)])
  }
})
