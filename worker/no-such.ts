import type { ApiError } from '#core/api-error'

/** There is no such thing of that ticker. */
export function noSuch(what: 'market' | 'event' | 'series', ticker: string): ApiError {
  return { code: 'not_found', message: `there is no ${what} ${ticker}` }
}
