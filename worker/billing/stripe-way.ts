import Stripe from 'stripe'

/** The version of Stripe's API that we speak, and that its webhooks must speak. */
export const STRIPE_API_VERSION = '2026-10-28.endive'
/** Where nobody may subscribe without paying. */
const PRODUCTION = 'kalshibook.com'
/** How long one call may take, ms: several must fit into what a request of ours may take. */
const CALL_MS = 4000

/** How Stripe is reached, or why it is not. */
export type StripeWay =
  | { readonly ok: true; readonly stripe: Stripe; readonly livemode: boolean }
  | { readonly ok: false; readonly why: string }

/**
 * Judges a secret key by where it is to be used.
 * @param apiUrl another address of the API, for a stand-in; null for Stripe's own
 * @param publicUrl where we are reached ourselves
 */
export function wayTo(key: string | null, apiUrl: string | null, publicUrl: string): StripeWay {
  if (key === null) return { ok: false, why: 'no STRIPE_SECRET_KEY is set' }
  const mode = /^[sr]k_(live|test)_/.exec(key)?.[1]
  if (mode === undefined) return { ok: false, why: 'STRIPE_SECRET_KEY is no secret key' }
  const livemode = mode === 'live'
  const site = hostOf(publicUrl)
  if (site === null) return { ok: false, why: 'PUBLIC_URL is not set' }
  const near = isLocal(site)
  if (livemode && (near || !publicUrl.startsWith('https:'))) {
    return { ok: false, why: 'a live key at an address that is not public' }
  }
  if (livemode && apiUrl !== null) return { ok: false, why: 'a live key for a stand-in' }
  if (!livemode && !near && apiUrl === null && site === PRODUCTION) {
    return { ok: false, why: 'a test key in production' }
  }
  const host = apiUrl === null ? null : new URL(apiUrl)
  if (host !== null && !isLocal(host.hostname)) {
    return { ok: false, why: 'STRIPE_API_URL is for a stand-in on this machine' }
  }
  return { ok: true, stripe: connect(key, host), livemode }
}

function connect(key: string, host: URL | null): Stripe {
  return new Stripe(key, {
    apiVersion: STRIPE_API_VERSION,
    httpClient: Stripe.createFetchHttpClient(),
    telemetry: false,
    timeout: CALL_MS,
    // What is tried again is tried by us, with what is known then.
    maxNetworkRetries: 0,
    ...(host === null
      ? {}
      : {
          host: host.hostname,
          port: host.port || (host.protocol === 'https:' ? '443' : '80'),
          protocol: host.protocol === 'https:' ? ('https' as const) : ('http' as const),
        }),
  })
}

function hostOf(url: string): string | null {
  return URL.canParse(url) ? new URL(url).hostname : null
}

function isLocal(host: string): boolean {
  return host === 'localhost' || host === '127.0.0.1' || host === '[::1]' || host.endsWith('.test')
}
