import type { SharedView } from './gateway-view.ts'

/** Views that gather changes, each told of at its own pace; no timer runs while nothing changes. */
export class Conflation {
  readonly #due = new Map<number, Set<SharedView>>()

  /** Something of a view is to be told when its time has come. */
  readonly later = (view: SharedView): void => {
    const waiting = this.#due.get(view.conflateMs)
    if (waiting !== undefined) {
      waiting.add(view)
      return
    }
    this.#due.set(view.conflateMs, new Set([view]))
    setTimeout(() => this.#flush(view.conflateMs), view.conflateMs)
  }

  #flush(conflateMs: number): void {
    const views = this.#due.get(conflateMs) ?? []
    this.#due.delete(conflateMs)
    for (const view of views) view.flush(Date.now() * 1000)
  }
}
