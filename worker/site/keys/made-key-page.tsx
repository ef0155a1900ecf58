import type { Context } from 'hono'
import type { App } from '../../context.ts'
import { settingsOf } from '../../env.ts'
import { type MadeKey, madeKey } from '../account-keys.ts'
import { DashboardTabs } from '../dashboard-tabs.tsx'
import { answerPage } from '../page.tsx'
import { printMoment } from '../print-moment.ts'
import { KEY_STYLES } from './key-styles.ts'
import { clientSample, curlSample, fetchSample, firstPath, pythonSample } from './sample-calls.ts'

type MadeProps = {
  readonly made: MadeKey
  /** Where the API is reached. */
  readonly origin: string
}

/**
 * Answers with a key that was made now: nobody keeps the page, and nothing of it is in an address.
 * @param data what the route answered that made it
 */
export function answerMade(c: Context<App>, data: unknown): Response | Promise<Response> {
  const made = madeKey.parse(data)
  const origin = new URL(settingsOf(c.env).PUBLIC_URL || c.req.url).origin
  return answerPage(c, {
    title: 'Your new key',
    body: <MadeKeyPage made={made} origin={origin} />,
    styles: KEY_STYLES,
    scripts: ['made-key.js'],
  })
}

/** The key, shown this once, with the first call that it may make. */
function MadeKeyPage({ made, origin }: MadeProps) {
  const path = firstPath(made.scopes)
  return (
    <>
      <DashboardTabs path="/dashboard/keys" />
      <h1>Your new key</h1>
      <p class="lead">
        Copy it now: it is shown this once. We keep nothing that it could be read from again.
      </p>
      <div class="card">
        <div class="copy">
          <pre>
            <code id="new-key">{made.key}</code>
          </pre>
          <CopyButton of="new-key" />
        </div>
        <p class="quiet">
          Named {made.name}; it may read {made.scopes.join(', ')}.{' '}
          {made.expires_ts === null ? '' : `It works until ${printMoment(made.expires_ts)} UTC. `}
          {made.replaces?.expires_ts
            ? `The key before it, ${made.replaces.display}…, works until ${printMoment(made.replaces.expires_ts)} UTC.`
            : ''}
        </p>
      </div>
      <h2>The first call</h2>
      <p>Paste this into a terminal: the key is in it.</p>
      <Sample id="curl" code={curlSample(origin, path, made.key)} />
      <div class="card" id="try" data-path={path} hidden>
        <div class="line">
          <button type="button" id="try-button">
            Try it here
          </button>
          <span id="try-said" role="status" />
        </div>
        <pre id="try-answer" tabindex={0} hidden />
      </div>
      <details>
        <summary>TypeScript</summary>
        {made.scopes.includes('live') ? <StreamSample origin={origin} apiKey={made.key} /> : null}
        <Sample id="fetch" code={fetchSample(origin, path, made.key)} />
      </details>
      <details>
        <summary>Python</summary>
        <Sample id="python" code={pythonSample(origin, path, made.key)} />
      </details>
      <p class="line">
        <a class="button second" href="/dashboard/keys">
          I have kept it
        </a>
        <a href="/docs">Read the docs</a>
        <a href="/playground">Open the playground</a>
      </p>
    </>
  )
}

function Sample({ id, code }: { readonly id: string; readonly code: string }) {
  return (
    <div class="copy">
      <pre tabindex={0}>
        <code id={id}>{code}</code>
      </pre>
      <CopyButton of={id} />
    </div>
  )
}

/** Shown by the script that copies. */
function CopyButton({ of }: { readonly of: string }) {
  return (
    <button type="button" class="second" data-copies={of} hidden>
      Copy
    </button>
  )
}

function StreamSample({ origin, apiKey }: { readonly origin: string; readonly apiKey: string }) {
  return (
    <>
      <p class="quiet">
        With the client, a folder of this product that has no dependencies: a live book.
      </p>
      <Sample id="client" code={clientSample(origin, apiKey)} />
      <p class="quiet">Without it:</p>
    </>
  )
}
