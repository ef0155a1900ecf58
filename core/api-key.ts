import { crc32 } from './checksum.ts'

const PREFIX = 'kb_live_'
const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const SECRET_LENGTH = 32
const CHECK_LENGTH = 6
const SHAPE = /^kb_live_[0-9A-Za-z]{38}$/
/** The largest multiple of 62 below 256: higher bytes would favour some characters. */
const FAIR_BELOW = 248

/**
 * Makes an API key: the prefix, 32 random base62 characters and a checksum of both.
 * @param random random bytes, 64 or more; those that would be unfair are passed over
 * Throws RangeError when fewer than 32 fair bytes are among them.
 */
export function makeApiKey(random: Uint8Array): string {
  const fair = [...random].filter((byte) => byte < FAIR_BELOW).slice(0, SECRET_LENGTH)
  if (fair.length < SECRET_LENGTH) throw new RangeError('too few random bytes for an API key')
  const text = PREFIX + fair.map((byte) => ALPHABET[byte % ALPHABET.length]).join('')
  return text + checkOf(text)
}

/** Whether the text has the form of an API key and its checksum holds: a cheap look before any query. */
export function isApiKey(text: string): boolean {
  return SHAPE.test(text) && text.endsWith(checkOf(text.slice(0, -CHECK_LENGTH)))
}

/** The first characters of a key, by which its owner knows it again. */
export function displayOfApiKey(key: string): string {
  return key.slice(0, PREFIX.length + 4)
}

function checkOf(text: string): string {
  let rest = crc32(text)
  let check = ''
  for (let i = 0; i < CHECK_LENGTH; i++) {
    check = ALPHABET[rest % ALPHABET.length] + check
    rest = Math.floor(rest / ALPHABET.length)
  }
  return check
}
