import { AuthApiError, AuthWeakPasswordError } from '@supabase/supabase-js'
import { expect, test } from 'vitest'
import { justMailed, refusalOf } from '../../worker/people/supabase-fault.ts'

const fault = (code: string, message = 'as Supabase words it') =>
  new AuthApiError(message, 400, code)

test('what Supabase refuses is told in our own codes, and what we do not know is no fault of the caller’s', () => {
  for (const [code, told] of [
    ['same_password', { code: 'invalid_param', param: 'password' }],
    ['validation_failed', { code: 'invalid_param', param: 'body' }],
    ['email_address_invalid', { code: 'invalid_param', param: 'email' }],
    ['over_request_rate_limit', { code: 'rate_limited', retryAfterMs: 60_000 }],
    ['signup_disabled', { code: 'forbidden' }],
    ['something_new', { code: 'upstream_degraded' }],
  ] as const) {
    expect(refusalOf(fault(code)), code).toMatchObject(told)
    expect(refusalOf(fault(code)).message).not.toContain('as Supabase words it')
  }
})

test('a password that Supabase finds too weak is refused with its reasons', () => {
  const weak = refusalOf(new AuthWeakPasswordError('weak', 422, ['length', 'pwned']))
  expect(weak).toMatchObject({ code: 'invalid_param', param: 'password' })
  expect(weak.message).toContain('length, pwned')
})

test('a mail that is not repeated within a minute was sent; one that the project may not send was not', () => {
  const code = 'over_email_send_rate_limit'
  const words = 'For security purposes, you can only request this after 12 seconds.'
  expect(justMailed(fault(code, words))).toBe(true)
  expect(justMailed(fault(code, 'email rate limit exceeded'))).toBe(false)
  expect(justMailed(fault('over_request_rate_limit', words))).toBe(false)
})
