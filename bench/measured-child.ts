import { readFileSync } from 'node:fs'
import { Child, type ChildPlan } from '../local/child.ts'

const PROBE = new URL('./usage-probe.ts', import.meta.url).href
const IMAGE = new URL('../collector/Dockerfile', import.meta.url)

const KEPT_CHARACTERS = 2000

/** What a process has cost: microseconds of processor time since its start, bytes of memory now. */
export type Usage = { readonly cpuUs: number; readonly rss: number }

/** A child that says what it costs, and keeps the last status that it sent. */
export class MeasuredChild extends Child {
  #usage: Usage = { cpuUs: 0, rss: 0 }
  #status: Record<string, unknown> = {}
  readonly #log: string

  constructor(plan: ChildPlan) {
    const options = [...memoryOptions(), `--import=${PROBE}`].join(' ')
    super({ ...plan, env: { ...plan.env, NODE_OPTIONS: options } })
    this.#log = plan.logFile
    this.on((message) => {
      const word = message as { type?: unknown; cpuUs?: number; rss?: number; status?: object }
      if (word.type === 'usage') this.#usage = { cpuUs: word.cpuUs ?? 0, rss: word.rss ?? 0 }
      if (word.type === 'status' && word.status !== undefined) this.#status = { ...word.status }
    })
  }

  /** Waits until it is ready. Throws when it ends before, and prints its last words, for its log goes with its folder. */
  override async ready(): Promise<Record<string, unknown>> {
    try {
      return await super.ready()
    } catch (error) {
      process.stderr.write(readFileSync(this.#log, 'utf8').slice(-KEPT_CHARACTERS))
      throw error
    }
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

/** The bounds on memory with which the collector's image starts it. Throws when it has none. */
function memoryOptions(): string[] {
  const options = readFileSync(IMAGE, 'utf8').match(/--max-[a-z-]+=\d+/g)
  if (options === null) throw new Error('the image starts the collector without bounds on memory')
  return options
}
