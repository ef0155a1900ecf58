/** What a page got back. */
export type PageAnswer = {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  /** What our own calls say; empty for a page. */
  readonly data: Record<string, unknown>
  readonly error: { readonly code?: string; readonly message?: string }
}

/** A browser of one person: it keeps cookies, follows no link by itself, and sends what our pages send. */
export class Browser {
  readonly #origin: string
  readonly #cookies = new Map<string, string>()
  #csrf = ''

  /** @param origin of our own pages */
  constructor(origin: string) {
    this.#origin = origin
  }

  /** Opens an address; the cookies go to our own pages alone. */
  open(url: string): Promise<PageAnswer> {
    return this.#send(new URL(url, this.#origin).href, {})
  }

  /** Calls as our own pages do. */
  call(path: string, body: unknown): Promise<PageAnswer> {
    return this.#send(this.#origin + path, {
      method: 'POST',
      headers: {
        Origin: this.#origin,
        'Content-Type': 'application/json',
        ...(this.#csrf === '' ? {} : { 'X-CSRF-Token': this.#csrf }),
      },
      body: JSON.stringify(body),
    })
  }

  /** Presses a button of a page's form, which sends these fields to the page's own host. */
  press(url: string, fields: Readonly<Record<string, string>>): Promise<PageAnswer> {
    const headers = { Origin: new URL(url).origin }
    return this.#send(url, { method: 'POST', headers, body: new URLSearchParams(fields) })
  }

  /** Reads who is signed in, as each of our pages does first. */
  async session(): Promise<Record<string, unknown>> {
    const { data } = await this.open('/account/session')
    this.#csrf = String(data['csrf_token'] ?? '')
    return data
  }

  async #send(url: string, init: RequestInit): Promise<PageAnswer> {
    const ours = url.startsWith(`${this.#origin}/`)
    const headers = new Headers(init.headers)
    const cookies = [...this.#cookies].map(([name, value]) => `${name}=${value}`)
    if (ours && cookies.length > 0) headers.set('Cookie', cookies.join('; '))
    const response = await fetch(url, { ...init, headers, redirect: 'manual' })
    for (const line of ours ? response.headers.getSetCookie() : []) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      if (value === '') this.#cookies.delete(name)
      else this.#cookies.set(name, value)
    }
    const text = await response.text()
    const json = response.headers.get('Content-Type')?.includes('json') === true
    const body = json && text !== '' ? (JSON.parse(text) as Record<string, never>) : {}
    const { data = {}, error = {} } = body as Partial<Pick<PageAnswer, 'data' | 'error'>>
    return { status: response.status, headers: response.headers, text, data, error }
  }
}
