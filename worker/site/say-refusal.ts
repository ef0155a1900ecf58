import type { Context } from 'hono'
import { API_ERROR_STATUS } from '#core/api-error'
import type { App } from '../context.ts'
import type { OwnError } from './own-call.ts'

/** What the messages of our routes begin with that are said of the field beside which they stand. */
const OF_A_FIELD = /^(?:must|lies|is|was|has|may|needs|cannot|takes)\b/

/** A route's message as a sentence of a page. */
export function saySentence(message: string): string {
  const whole = OF_A_FIELD.test(message) ? `This ${message}` : message
  return `${whole.charAt(0).toUpperCase()}${whole.slice(1)}${/[.!?]$/.test(whole) ? '' : '.'}`
}

/** How long to wait, in words. @param ms rounded up: who waits so long need not wait again */
export function sayWait(ms: number): string {
  const seconds = Math.max(1, Math.ceil(ms / 1000))
  if (seconds < 90) return count(seconds, 'second')
  const minutes = Math.ceil(seconds / 60)
  return minutes < 90 ? count(minutes, 'minute') : count(Math.ceil(minutes / 60), 'hour')
}

/** The status of a page that shows a form again, after a route refused what was sent; it sets Retry-After. */
export function refusalStatus(c: Context<App>, { code, retryAfterMs }: OwnError) {
  if (retryAfterMs !== null) c.header('Retry-After', String(Math.ceil(retryAfterMs / 1000)))
  return API_ERROR_STATUS[code]
}

/** The status of a page with a form: 200 before the form was sent, afterwards that of what was refused. */
export function formStatus(c: Context<App>, attempted: { readonly error: OwnError } | null) {
  return attempted === null ? 200 : refusalStatus(c, attempted.error)
}

function count(number: number, name: string): string {
  return `${number} ${name}${number === 1 ? '' : 's'}`
}
