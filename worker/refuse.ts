import type { Context } from 'hono'
import { API_ERROR_STATUS, type ApiError } from '#core/api-error'
import type { ErrorEnvelope } from '#core/wire/api'
import type { App } from './context.ts'
import { settingsOf } from './env.ts'

/** How long (ms) a caller should wait when we cannot say better. */
const RETRY_AFTER_MS = 1000

/** Answers with an error in the envelope. */
export function refuse(c: Context<App>, error: ApiError) {
  const { code, message, param, covered } = error
  const status = API_ERROR_STATUS[code]
  const waits = status === 503 || status === 429
  const retryAfterMs = error.retryAfterMs ?? (waits ? RETRY_AFTER_MS : undefined)
  if (retryAfterMs !== undefined) c.header('Retry-After', String(Math.ceil(retryAfterMs / 1000)))
  const body: ErrorEnvelope = {
    error: {
      code,
      message,
      ...(param === undefined ? {} : { param }),
      doc_url: `${settingsOf(c.env).PUBLIC_URL}/docs/errors#${code}`,
      ...(retryAfterMs === undefined ? {} : { retry_after_ms: retryAfterMs }),
      ...(covered === undefined ? {} : { covered: { ...covered } }),
    },
    request_id: c.get('requestId'),
  }
  return c.json(body, status)
}
