import { Child, type ChildPlan } from './child.ts'

/** What was started, one after the other; it is stopped in the other direction. */
export class Parts {
  /** The name of whatever ended without being told to. */
  readonly ended: Promise<string>
  readonly #ended = Promise.withResolvers<string>()
  readonly #stops: (() => Promise<unknown>)[] = []
  readonly #signal: AbortSignal
  readonly #cut: Promise<never>

  /** @param signal aborted when nothing more is to be started */
  constructor(signal: AbortSignal) {
    this.ended = this.#ended.promise
    this.#signal = signal
    this.#cut = new Promise((_, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason), { once: true })
      void this.ended.then((name) => reject(new Error(`${name} ended by itself: see its log`)))
    })
    this.#cut.catch(() => {})
  }

  /** Takes over what runs already. Throws when nothing more is to be started. */
  add(name: string, ended: Promise<unknown>, stop: () => Promise<unknown>): () => Promise<unknown> {
    let told = false
    const tell = () => {
      told = true
      return stop()
    }
    this.#stops.push(tell)
    void ended.then(() => told || this.#ended.resolve(name))
    this.#signal.throwIfAborted()
    return tell
  }

  /** Starts a process. Throws when nothing more is to be started. */
  launch(plan: ChildPlan): Child {
    this.#signal.throwIfAborted()
    const child = new Child(plan)
    this.add(plan.name, child.ended, () => child.stop())
    return child
  }

  /** Waits for `work`. Throws as it does, when nothing more is to be started, and when a part ends. */
  async during<Value>(work: Promise<Value>): Promise<Value> {
    return Promise.race([work, this.#cut])
  }

  /** Stops everything, the last first. Throws what went wrong first, when all was told to stop. */
  async stop(): Promise<void> {
    const faults: unknown[] = []
    for (const stop of this.#stops.splice(0).reverse()) {
      await stop().catch((error: unknown) => faults.push(error))
    }
    if (faults.length > 0) throw faults[0]
  }
}
