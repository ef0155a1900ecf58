/** A key that this page may call with for some minutes: the account's of who is signed in, else a visitor's. */
export type PageKey = {
  readonly key: string
  /** ms since 1970. */
  readonly expiresMs: number
  /** The same by this machine's clock, which may be wrong: an hour ahead it would take each new key for one that is over. */
  readonly endsMs: number
  /** The markets that a visitor may see; null for an account, which may see all. */
  readonly markets: readonly string[] | null
}

/** A key, or why there is none. */
export type PageKeyAnswer =
  | { readonly ok: true; readonly key: PageKey }
  | { readonly ok: false; readonly code: string; readonly message: string }

/** A key that ends so soon (ms) is not begun with. */
const EARLY_MS = 30_000
/** A new key is good for longer than this (ms), whatever this machine's clock says; what is refused is forgotten. */
const LEAST_MS = 300_000

/** The key that is good until shortly before it ends, and the asking for one that is under way. */
let kept: PageKeyAnswer | null = null
let asking: Promise<PageKeyAnswer> | null = null

/** The page's key: one is made when there is none, or when it is about to end; for all who ask at once, the same. */
export async function pageKey(): Promise<PageKeyAnswer> {
  if (kept?.ok && kept.key.endsMs - Date.now() > EARLY_MS) return kept
  asking ??= ask().then((answer) => {
    kept = answer
    asking = null
    return answer
  })
  return asking
}

/** Has the next call make another key: this one was refused. One that was made since is not forgotten. */
export function forgetPageKey(refused: string): void {
  if (kept?.ok && kept.key.key === refused) kept = null
}

/** The session's word against forgery, which pages of who is signed in bear; null for visitors. */
export function csrfWord(): string | null {
  return document.querySelector<HTMLMetaElement>('meta[name="kb-csrf"]')?.content ?? null
}

async function ask(): Promise<PageKeyAnswer> {
  const csrf = csrfWord()
  const path = csrf === null ? '/visitor-keys' : '/account/page-keys'
  const headers = csrf === null ? {} : { 'X-CSRF-Token': csrf }
  const answer = await fetch(path, { method: 'POST', headers }).catch(() => null)
  const body = (await answer?.json().catch(() => null)) as {
    readonly data?: {
      readonly key: string
      readonly expires_ts: string
      readonly markets?: readonly string[]
    }
    readonly error?: { readonly code: string; readonly message: string }
  } | null
  if (body?.data !== undefined) {
    const { key, expires_ts, markets = null } = body.data
    const expiresMs = Date.parse(expires_ts)
    const nowMs = Date.now()
    const endsMs = expiresMs - nowMs > LEAST_MS ? expiresMs : nowMs + LEAST_MS
    return { ok: true, key: { key, expiresMs, endsMs, markets } }
  }
  const unreachable = { code: 'upstream_degraded', message: 'KalshiBook cannot be reached now' }
  return { ok: false, ...(body?.error ?? unreachable) }
}
