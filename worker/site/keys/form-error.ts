import type { OwnError } from '../own-call.ts'

/** A refusal of a route as a form says it: where JSON has an instant a form has a day, and where it has null nothing. */
export function formError(error: OwnError): OwnError {
  const { message } = error
  if (message.startsWith('must be RFC 3339')) {
    return { ...error, message: 'must be a day, as 2027-01-31' }
  }
  return { ...error, message: message.replace(/, or null for none$/, '') }
}
