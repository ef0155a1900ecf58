import fc from 'fast-check'
import { expect, test } from 'vitest'
import { DRAIN_MS, Outgoing, UNSENT } from '#core/outgoing'

test('a socket that keeps up is sent everything', () => {
  const outgoing = new Outgoing(0)
  for (let ms = 0; ms < 60_000; ms += 100) expect(outgoing.judge(UNSENT.low, ms)).toBe('send')
  expect(outgoing.takeWarning()).toBeNull()
})

test('from the mark on it is owed all, until it has drained; the warning says for how long it lags', () => {
  const outgoing = new Outgoing(0)
  expect(outgoing.judge(UNSENT.high - 1, 500)).toBe('send')
  expect(outgoing.judge(UNSENT.high, 700)).toBe('owe')
  expect(outgoing.takeWarning()).toBe(700)
  expect(outgoing.takeWarning()).toBeNull()
  expect(outgoing.judge(UNSENT.low + 1, 900)).toBe('owe')
  expect(outgoing.judge(UNSENT.low, 1000)).toBe('send')
})

test('what does not drain in time, or holds too much, is closed', () => {
  const outgoing = new Outgoing(0)
  expect(outgoing.judge(UNSENT.high, 0)).toBe('owe')
  expect(outgoing.judge(UNSENT.low + 1, DRAIN_MS)).toBe('owe')
  expect(outgoing.judge(UNSENT.low + 1, DRAIN_MS + 1)).toBe('close')
  expect(new Outgoing(0).judge(UNSENT.most + 1, 0)).toBe('close')
})

test('whatever comes and however it is read, what is unsent stays below the mark and one message', () => {
  const message = fc.record({ bytes: fc.integer({ min: 1, max: 20_000 }), drained: fc.nat(30_000) })
  fc.assert(
    fc.property(fc.array(message, { maxLength: 400 }), (messages) => {
      const outgoing = new Outgoing(0)
      let unsent = 0
      let owedSince: number | null = null
      messages.forEach(({ bytes, drained }, i) => {
        const ms = i * 100
        unsent = Math.max(0, unsent - drained)
        const verdict = outgoing.judge(unsent, ms)
        if (verdict === 'send') {
          unsent += bytes
          owedSince = null
        } else {
          owedSince ??= ms
          // It is given up exactly when it was owed something for too long.
          expect(verdict === 'close').toBe(ms - owedSince > DRAIN_MS)
        }
        expect(unsent).toBeLessThan(UNSENT.high + 20_000)
      })
    }),
  )
})
