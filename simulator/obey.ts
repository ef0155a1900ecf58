import type { Exchange } from './exchange.ts'

/**
 * Does what the process that started the exchange asks of it: `{type: 'start' | 'pause' | 'cut'}`,
 * `{type: 'rate', rate}` (book events a second), `{type: 'checksums'}`, `{type: 'usage'}`.
 * @returns the answer, of the same type; null for words that it does not know
 */
export function obey(exchange: Exchange, word: unknown): Record<string, unknown> | null {
  const { type, rate } = word as { type?: unknown; rate?: unknown }
  switch (type) {
    case 'start':
      exchange.start()
      return { type }
    case 'pause':
      exchange.pause()
      return { type }
    case 'cut':
      return { type, cut: exchange.cut() }
    case 'rate':
      exchange.setRate(Number(rate))
      return { type }
    case 'checksums':
      return { type, checksums: exchange.checksums() }
    case 'usage': {
      // What it has cost so far: microseconds of processor time, bytes of memory.
      const { user, system } = process.cpuUsage()
      const { deltas, snapshots, connections } = exchange.stats
      const rss = process.memoryUsage.rss()
      const changes = exchange.changes()
      return { type, cpuUs: user + system, rss, changes, deltas, snapshots, connections }
    }
    default:
      return null
  }
}
