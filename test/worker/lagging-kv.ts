type Write = { readonly atMs: number; readonly text: string | null }

/** A KV in which what is written is seen everywhere else only after a while. Its clock is the test's. */
export class LaggingKv {
  readonly #lagMs: number
  readonly #writes = new Map<string, Write[]>()
  #nowMs = 0
  /** How often it was read, by the first word of what was asked for. */
  readonly reads = { key: 0, blocked: 0 }

  constructor(lagMs: number) {
    this.#lagMs = lagMs
  }

  /** Lets time pass. */
  pass(ms: number): void {
    this.#nowMs += ms
  }

  get(name: string): Promise<string | null> {
    this.reads[name.startsWith('blocked:') ? 'blocked' : 'key'] += 1
    const seen = this.#writes.get(name)?.findLast(({ atMs }) => atMs <= this.#nowMs - this.#lagMs)
    return Promise.resolve(seen?.text ?? null)
  }

  put(name: string, text: string): Promise<void> {
    return this.#write(name, text)
  }

  delete(name: string): Promise<void> {
    return this.#write(name, null)
  }

  /** As the Worker's binding. */
  get binding(): KVNamespace {
    return this as unknown as KVNamespace
  }

  #write(name: string, text: string | null): Promise<void> {
    this.#writes.set(name, [...(this.#writes.get(name) ?? []), { atMs: this.#nowMs, text }])
    return Promise.resolve()
  }
}
