import type { SharedView } from './gateway-view.ts'

type Due = { readonly views: Set<SharedView>; readonly timer: ReturnType<typeof setTimeout> }

/** Views that gather changes, each told of at its own pace; no timer runs while nothing changes. */
export class Conflation {
  readonly #due = new Map<number, Due>()

  /** Something of a view is to be told when its time has come. */
  readonly later = (view: SharedView): void => {
    const waiting = this.#due.get(view.conflateMs)
    if (waiting !== undefined) {
      waiting.views.add(view)
      return
    }
    const timer = setTimeout(() => this.#flush(view.conflateMs), view.conflateMs)
    this.#due.set(view.conflateMs, { views: new Set([view]), timer })
  }

  /** Nobody is left to be told: no timer runs any more. */
  end(): void {
    for (const { timer } of this.#due.values()) clearTimeout(timer)
    this.#due.clear()
  }

  #flush(conflateMs: number): void {
    const views = this.#due.get(conflateMs)?.views ?? []
    this.#due.delete(conflateMs)
    for (const view of views) view.flush(Date.now() * 1000)
  }
}
