import { expect, test } from 'vitest'
import { API_ERROR_STATUS } from '#core/api-error'

test('every error code has the status that the formats state', () => {
  expect(API_ERROR_STATUS).toEqual({
    unauthorized: 401,
    key_revoked: 401,
    payment_required: 402,
    quota_exceeded: 402,
    forbidden: 403,
    not_found: 404,
    range_not_covered: 404,
    method_not_allowed: 405,
    invalid_param: 422,
    range_too_large: 422,
    rate_limited: 429,
    upstream_degraded: 503,
    internal: 500,
  })
})
