import { expect, test } from 'vitest'
import { readTicket, ticketPlace, unsealedTicket } from '#core/ticket'

const SECRET = 'a-_B'.repeat(11).slice(0, 43)
const SEAL = 'Z9'.repeat(22).slice(0, 43)

test('a ticket is taken apart as it was put together', () => {
  const sealed = unsealedTicket('c', SECRET)
  expect(readTicket(sealed + SEAL)).toEqual({ place: 'c', sealed, seal: SEAL })
})

test.each([
  '',
  'kbt_',
  `kb_live_c${SECRET}${SEAL}`,
  `kbt_g${SECRET}${SEAL}`,
  `kbt_C${SECRET}${SEAL}`,
  `kbt_c${SECRET}${SEAL.slice(1)}`,
  `kbt_c${SECRET}${SEAL}A`,
  `kbt_c${SECRET}${SEAL}\n`,
  ` kbt_c${SECRET}${SEAL}`,
  `kbt_c${SECRET.replace('-', '+')}${SEAL}`,
])('%j is no ticket', (text) => {
  expect(readTicket(text)).toBeNull()
})

test('all tickets of an account are kept in one of sixteen places', () => {
  expect(ticketPlace('7F0c1f52-5f0e-4c53-9f0e-2d1c9a6f4e10')).toBe('7')
  expect(ticketPlace('Fa0c1f52-5f0e-4c53-9f0e-2d1c9a6f4e10')).toBe('f')
})
