import type { Context } from 'hono'
import type { App } from '../context.ts'
import type { OwnError } from './own-call.ts'
import { answerPage } from './page.tsx'
import { signInAgain } from './require-person.tsx'
import { refusalStatus, saySentence } from './say-refusal.ts'

/** The page of a part of the dashboard that cannot be shown or done. @param next where the way on leads */
export function answerFault(
  c: Context<App>,
  error: OwnError,
  next: string,
): Response | Promise<Response> {
  const isMissing = error.code === 'not_found'
  const body = (
    <div class="alone narrow">
      <h1>{isMissing ? 'Nothing is here' : 'Not now'}</h1>
      <p>{saySentence(error.message)}</p>
      <p>
        <a class="button" href={next}>
          {isMissing ? 'Back' : 'Try again'}
        </a>
      </p>
      <p class="quiet">
        {isMissing ? null : (
          <>
            How things are: <a href="/status">status</a>.{' '}
          </>
        )}
        Request <code>{error.requestId}</code>
      </p>
    </div>
  )
  return answerPage(
    c,
    { title: isMissing ? 'Not found' : 'Not now', body },
    refusalStatus(c, error),
  )
}

/** The answer of a page whose JSON route refused: the way to `/login` where the session is why, else a page that says it. */
export function answerRefusal(
  c: Context<App>,
  error: OwnError,
  next: string,
): Response | Promise<Response> {
  return signInAgain(c, error, next) ?? answerFault(c, error, next)
}
