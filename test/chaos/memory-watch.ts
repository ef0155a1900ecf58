import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const EVERY_MS = 1000
/** Memory that is given back late is no growth: so much, and such a share, is allowed. */
const ALLOWED_MB = 64
const ALLOWED_SHARE = 0.25

type Sample = { readonly pid: number; readonly mb: number }

/** Samples the resident memory of the workerd that a process has started. */
export class MemoryWatch {
  readonly #samples: Sample[] = []
  readonly #timer: NodeJS.Timeout

  constructor(parent: number) {
    this.#timer = setInterval(() => void this.#sample(parent), EVERY_MS)
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  /** The most there was, MB. */
  get peakMb(): number {
    return Math.max(0, ...this.#samples.map(({ mb }) => mb))
  }

  /** By how much it grew from the first to the second half of what the last process lived, median to median, MB. */
  growth(): { readonly beforeMb: number; readonly afterMb: number; readonly bounded: boolean } {
    const last = this.#samples.at(-1)?.pid
    const mine = this.#samples.filter(({ pid }) => pid === last).map(({ mb }) => mb)
    const middle = Math.floor(mine.length / 2)
    const beforeMb = median(mine.slice(Math.floor(middle / 2), middle))
    const afterMb = median(mine.slice(middle + Math.floor(middle / 2)))
    const bounded = afterMb <= beforeMb * (1 + ALLOWED_SHARE) + ALLOWED_MB
    return { beforeMb, afterMb, bounded }
  }

  async #sample(parent: number): Promise<void> {
    const listed = await promisify(execFile)('ps', ['-A', '-o', 'pid=,ppid=,rss=,comm=']).catch(
      () => null,
    )
    for (const line of listed?.stdout.split('\n') ?? []) {
      const [pid, ppid, rss, name = ''] = line.trim().split(/\s+/)
      if (Number(ppid) !== parent || !name.endsWith('workerd')) continue
      this.#samples.push({ pid: Number(pid), mb: Math.round(Number(rss) / 1024) })
    }
  }
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0
}
