/** How many requests run side by side. */
const AT_ONCE = 8

export type Answered = { readonly status: number; readonly body: unknown }

/** A caller of the Worker, with a key of its own. */
export class HistoryApi {
  readonly #url: string
  readonly #key: string

  constructor(url: string, key: string) {
    this.#url = url
    this.#key = key
  }

  /** Asks for JSON. */
  async get(path: string): Promise<Answered> {
    const answer = await this.#fetch(path, 'application/json')
    return { status: answer.status, body: await answer.json() }
  }

  /** Asks for a list's rows as a stream. Throws when it is refused. */
  async text(path: string, accept: 'application/x-ndjson' | 'text/csv'): Promise<string> {
    const answer = await this.#fetch(path, accept)
    if (answer.status !== 200) throw new Error(`${path}: ${answer.status} ${await answer.text()}`)
    return answer.text()
  }

  /** Does something with each item, several at once. */
  async each<Item>(items: readonly Item[], work: (item: Item) => Promise<void>): Promise<void> {
    const rest = items.values()
    const worker = async () => {
      for (const item of rest) await work(item)
    }
    await Promise.all(Array.from({ length: AT_ONCE }, worker))
  }

  #fetch(path: string, accept: string): Promise<Response> {
    return fetch(`${this.#url}${path}`, {
      headers: { 'X-API-Key': this.#key, Accept: accept },
    })
  }
}
