import type { OwnError } from '../own-call.ts'

const SENT_TWICE =
  'this form has made a key already, and showed it then: if you have not kept it, revoke it and make another'

/** A refusal of a route as a form says it: where JSON has an instant a form has a day, and where it has null nothing. */
export function formError(error: OwnError): OwnError {
  const { message } = error
  if (message.startsWith('must be RFC 3339')) {
    return { ...error, message: 'must be a day, as 2027-01-31' }
  }
  if (error.param === 'request_id') return { ...error, message: SENT_TWICE }
  return { ...error, message: message.replace(/, or null for none$/, '') }
}
