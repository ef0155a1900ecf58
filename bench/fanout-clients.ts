import { WebSocket } from 'ws'
import { z } from 'zod'
import type { DeltasMessage } from '#core/wire/stream'
import { nowUs } from './lag-watch.ts'
import { LatencyCounts } from './latency-counts.ts'
import { type Listener, SharedTape } from './shared-tape.ts'

// Subscribers of one market, of ours or of the bare broadcast, many in one process.
const command = z.union([
  z.object({
    type: z.literal('open'),
    url: z.string(),
    headers: z.record(z.string(), z.string()),
    count: z.int(),
    /** What each says; null where nothing is to be said, and no first book comes. */
    subscribe: z.string().nullable(),
  }),
  z.object({ type: z.literal('measure') }),
  z.object({ type: z.enum(['report', 'close']) }),
])

const TELL_MS = 10
let sockets: WebSocket[] = []
let listeners: Listener[] = []
let tape = new SharedTape(false)
let latency = new LatencyCounts()
let records = 0
let sinceUs = 0
let told = 0
let closed = 0

function count({ d }: DeltasMessage): void {
  records += d.length
  const now = nowUs()
  for (const row of d) latency.add((now - row[5]) / 1000)
}

/** Opens a socket; it is ready once it has its first book. */
function open(url: string, headers: Record<string, string>, subscribe: string | null) {
  const listener: Listener = { heard: 0, image: null }
  const socket = new WebSocket(url, { headers, perMessageDeflate: false })
  listeners.push(listener)
  sockets.push(socket)
  return new Promise<void>((resolve, reject) => {
    socket.on('error', reject)
    socket.on('close', () => {
      closed += 1
    })
    socket.on('open', () => (subscribe === null ? resolve() : socket.send(subscribe)))
    socket.on('message', (data) => {
      const deltas = tape.hear(listener, data as Buffer)
      if (deltas !== null) count(deltas)
      else if (listener.image !== null) resolve()
    })
  })
}

process.on('message', async (raw) => {
  const word = command.parse(raw)
  switch (word.type) {
    case 'open': {
      tape = new SharedTape(word.subscribe !== null)
      ;[sockets, listeners, closed, told] = [[], [], 0, 0]
      for (let n = 0; n < word.count; n += 1) await open(word.url, word.headers, word.subscribe)
      process.send?.({ type: 'open' })
      return
    }
    case 'measure':
      ;[latency, records, sinceUs] = [new LatencyCounts(), 0, nowUs()]
      return process.send?.({ type: 'measure' })
    case 'report': {
      const seconds = (nowUs() - sinceUs) / 1e6
      const least = tape.letGo(listeners)
      const wrong = tape.wrong ?? (closed > 0 ? `${closed} sockets were closed` : null)
      return process.send?.({
        type: 'report',
        records,
        seconds,
        wrong,
        least,
        latency: latency.all,
      })
    }
    case 'close':
      for (const socket of sockets) socket.terminate()
      return process.send?.({ type: 'close' })
  }
})
setInterval(() => {
  const seq = listeners.length === 0 ? 0 : tape.letGo(listeners)
  if (seq > told) process.send?.({ type: 'at', seq })
  told = seq
}, TELL_MS)
process.on('disconnect', () => process.exit(0))
process.send?.({ type: 'ready' })
