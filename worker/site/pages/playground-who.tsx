import { PLANS } from '#core/plan'
import { VISITOR_CONFLATE_MS, VISITOR_ROWS, VISITOR_SOCKET_MS } from '#core/visitor-bounds'
import { visitorStanding, visitorsOf } from '#core/visitor-standing'
import { printCount } from '../print-count.ts'
import type { Who } from '../who.ts'

const { credits, requestsPerS } = visitorStanding(visitorsOf('')).terms

/** By what key the page calls, and what bounds it. */
export function WhoCalls({ who }: { readonly who: Who }) {
  return (
    <div id="who" class="note">
      <p id="who-fault" class="bad" role="alert" hidden />
      {who.kind === 'somebody' && who.accountId !== null ? (
        <p>
          You call as <b>{who.email}</b>, by a key of this page alone. What you send is counted as
          your account’s. <span id="left" class="quiet num" role="status" />
        </p>
      ) : (
        <>
          <Away who={who} />
          <p>
            You call as a <b>visitor</b>: the markets that are offered below, the last 24 hours,{' '}
            {printCount(VISITOR_ROWS)} rows at a time, one stream of {VISITOR_SOCKET_MS / 60_000}{' '}
            minutes at {VISITOR_CONFLATE_MS} ms, {credits} credits a day and {requestsPerS} requests
            a second for your network. <span id="left" class="quiet num" role="status" />
          </p>
          <p>
            <a href="/signup">A free key</a> reads every market, with{' '}
            {printCount(PLANS.free.credits)} credits a month.
          </p>
        </>
      )}
    </div>
  )
}

/** Why somebody with a session calls as a visitor all the same. */
function Away({ who }: { readonly who: Who }) {
  if (who.kind === 'away') return <p class="warn">It cannot be seen now who is signed in.</p>
  if (who.kind === 'somebody') return <p class="warn">{who.refused ?? 'You have no account.'}</p>
  if (!who.ended) return null
  return (
    <p class="warn">
      Your session is over: <a href="/login?next=/playground">sign in again</a>.
    </p>
  )
}
