import { get } from 'node:http'
import { type ApiAnswer, KeptConnection } from './kept-connection.ts'

/** Calls the API over connections that are kept, as many as there are calls at once. */
export class ApiClient {
  readonly #url: URL
  readonly #headers: Record<string, string>
  readonly #idle: KeptConnection[] = []

  constructor(url: string, apiKey: string) {
    this.#url = new URL(url)
    this.#headers = { authorization: `Bearer ${apiKey}` }
  }

  /** Reads one answer to its end. Throws when it breaks. */
  async read(path: string): Promise<ApiAnswer> {
    const connection = this.#idle.pop() ?? new KeptConnection(this.#url, this.#headers)
    const answer = await connection.get(path)
    this.#idle.push(connection)
    return answer
  }

  /** Hands on an answer's body as it comes, and answers its status. Throws when it breaks. */
  stream(path: string, accept: string, heard: (chunk: Buffer) => void): Promise<number> {
    return new Promise((resolve, reject) => {
      const headers = { ...this.#headers, accept }
      const request = get(new URL(path, this.#url), { headers }, (answer) => {
        answer.on('data', heard)
        answer.on('error', reject)
        answer.on('end', () => resolve(answer.statusCode ?? 0))
      })
      request.on('error', reject)
    })
  }

  close(): void {
    for (const connection of this.#idle) connection.close()
  }
}
