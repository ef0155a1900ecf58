import type { Context } from 'hono'
import type { Child } from 'hono/jsx'
import { API_ERROR_STATUS, type ApiError } from '#core/api-error'
import type { App } from '../context.ts'
import { SAFE_HEADERS } from '../middleware/safe-headers.ts'
import { refuse } from '../refuse.ts'
import { answerPage } from './page.tsx'
import { saySentence } from './say-refusal.ts'
import { wantsPage } from './wants-page.ts'

/** What a page says of an error: what it is, what to do next, and where that is done. */
type Words = { readonly title: string; readonly say: Child; readonly next: Child }

/** How long (s) a program should wait; a person is told a minute. */
const RETRY_AFTER_S = 10

/** Answers with an error: browsers with a page that says what to do next, all others in the envelope. */
export function answerError(c: Context<App>, error: ApiError): Response | Promise<Response> {
  if (!wantsPage(c)) return refuse(c, error)
  const status = API_ERROR_STATUS[error.code]
  // The address may be of no page, where nothing else sets them.
  for (const [name, value] of Object.entries(SAFE_HEADERS)) c.header(name, value)
  if (status === 503) c.header('Retry-After', String(RETRY_AFTER_S))
  const { title, say, next } = wordsOf(error, c)
  const body = (
    <div class="alone narrow">
      <p class="quiet">{status}</p>
      <h1>{title}</h1>
      <p>{say}</p>
      <p class="line middle">{next}</p>
      <p class="quiet">
        Request <code>{c.get('requestId')}</code>
      </p>
    </div>
  )
  return answerPage(c, { title, body }, status)
}

function wordsOf({ code, message }: ApiError, c: Context<App>): Words {
  const { path, method } = c.req
  switch (code) {
    case 'not_found':
      return {
        title: 'There is no such page',
        say: 'The address may be mistyped, or the page may have moved.',
        next: (
          <>
            <a class="button" href="/">
              Home page
            </a>
            <a class="button second" href="/markets">
              Markets
            </a>
            <a class="button second" href="/docs">
              Docs
            </a>
          </>
        ),
      }
    case 'method_not_allowed': {
      // What may not be got takes what a form sends: the form is on the page above it.
      const got = method === 'GET' || method === 'HEAD'
      return {
        title: got ? 'There is nothing to see here' : 'This page takes nothing',
        say: saySentence(message),
        next: (
          <a class="button" href={got ? above(path) : path}>
            {got ? 'Go back' : 'Open the page'}
          </a>
        ),
      }
    }
    case 'upstream_degraded':
      return {
        title: 'Not now',
        say: 'A part of KalshiBook that this page needs is away for a moment. Nothing was changed. Please try again in a minute.',
        next: <Again path={path} />,
      }
    case 'internal':
      return {
        title: 'This is our fault',
        say: 'Something of ours failed, and it was noted. Try again; if it fails once more, the number of the request helps us to find out why.',
        next: <Again path={path} />,
      }
    default:
      return { title: 'This was refused', say: saySentence(message), next: <Again path={path} /> }
  }
}

/** The address one step up: `/dashboard` of `/dashboard/keys`. */
function above(path: string): string {
  return path.slice(0, path.lastIndexOf('/')) || '/'
}

function Again({ path }: { readonly path: string }) {
  return (
    <>
      <a class="button" href={path}>
        Try again
      </a>
      <a class="button second" href="/status">
        How things are
      </a>
    </>
  )
}
