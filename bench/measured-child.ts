import { Child, type ChildPlan } from '../local/child.ts'

const PROBE = new URL('./usage-probe.ts', import.meta.url).href

/** What a process has cost: microseconds of processor time since its start, bytes of memory now. */
export type Usage = { readonly cpuUs: number; readonly rss: number }

/** A child that says what it costs, and keeps the last status that it sent. */
export class MeasuredChild extends Child {
  #usage: Usage = { cpuUs: 0, rss: 0 }
  #status: Record<string, unknown> = {}

  constructor(plan: ChildPlan) {
    super({ ...plan, env: { ...plan.env, NODE_OPTIONS: `--import=${PROBE}` } })
    this.on((message) => {
      const word = message as { type?: unknown; cpuUs?: number; rss?: number; status?: object }
      if (word.type === 'usage') this.#usage = { cpuUs: word.cpuUs ?? 0, rss: word.rss ?? 0 }
      if (word.type === 'status' && word.status !== undefined) this.#status = { ...word.status }
    })
  }

  /** What it said last, at most a quarter of a second ago. */
  get usage(): Usage {
    return this.#usage
  }

  /** A number of its last status, at most a second old; not a number when it has not said it. */
  said(name: string): number {
    const value = this.#status[name]
    return typeof value === 'number' ? value : Number.NaN
  }
}
