import { WebSocket } from 'ws'
import { z } from 'zod'
import type { DeltasMessage, ServerMessage } from '#core/wire/stream'
import { HeardBook } from './heard-book.ts'
import { nowUs } from './lag-watch.ts'
import { LatencyCounts } from './latency-counts.ts'

// One connection that follows many markets, or one to the bare broadcast; every record is looked at.
const command = z.union([
  z.object({
    type: z.literal('open'),
    url: z.string(),
    headers: z.record(z.string(), z.string()),
    subscribe: z.string(),
  }),
  z.object({ type: z.enum(['images', 'listen']), url: z.string() }),
  z.object({ type: z.enum(['measure', 'report', 'books', 'close']) }),
])

/** What came over one connection. */
class Heard {
  readonly books = new Map<string, HeardBook>()
  latency = new LatencyCounts()
  records = 0
  messages = 0
  images = 0
  imageBytes = 0
  warnings = 0
  wrong: string | null = null
  readonly #checked: boolean

  constructor(checked: boolean) {
    this.#checked = checked
  }

  book(market: string): HeardBook {
    const known = this.books.get(market)
    if (known !== undefined) return known
    const book = new HeardBook(this.#checked)
    this.books.set(market, book)
    return book
  }

  deltas(message: DeltasMessage): void {
    const now = nowUs()
    this.messages += 1
    this.records += this.book(message.market).deltas(message)
    for (const row of message.d) this.latency.add((now - row[5]) / 1000)
  }

  get said() {
    const { records, messages, images, imageBytes, warnings } = this
    const book = [...this.books.values()].find(({ wrong }) => wrong !== null)
    const wrong = this.wrong ?? book?.wrong ?? null
    return { records, messages, images, imageBytes, warnings, wrong, latency: this.latency.all }
  }
}

let heard = new Heard(true)
let sockets: WebSocket[] = []

function hear(message: ServerMessage, bytes: number): void {
  switch (message.type) {
    case 'snapshot':
      if (!message.image) break
      heard.images += 1
      heard.imageBytes += bytes
      heard.book(message.market).image(message)
      return
    case 'deltas':
      heard.deltas(message as DeltasMessage)
      return
    case 'welcome':
    case 'subscribed':
    case 'ready':
    case 'heartbeat':
      return
    case 'warning':
      heard.warnings += 1
      return
    default:
  }
  heard.wrong ??= JSON.stringify(message).slice(0, 200)
}

/** Opens a connection of heard. @returns ms from the subscribe to `ready` */
async function open(word: Extract<z.infer<typeof command>, { type: 'open' }>): Promise<number> {
  const { headers } = word
  heard = new Heard(true)
  const socket = new WebSocket(word.url, { headers, perMessageDeflate: false })
  sockets = [socket]
  let begunUs = 0
  return new Promise((resolve, reject) => {
    socket.on('error', reject)
    socket.on('close', (code) => {
      heard.wrong ??= `closed with ${code}`
    })
    socket.on('message', (data) => {
      const message = JSON.parse(String(data)) as ServerMessage
      if (message.type === 'welcome') {
        begunUs = nowUs()
        socket.send(word.subscribe)
      }
      hear(message, (data as Buffer).length)
      if (message.type === 'ready') resolve((nowUs() - begunUs) / 1000)
      if (message.type === 'error') reject(new Error(message.message))
    })
  })
}

/** Opens a connection to the bare broadcast. */
async function listen(url: string): Promise<void> {
  heard = new Heard(false)
  const socket = new WebSocket(url, { perMessageDeflate: false })
  sockets = [socket]
  socket.on('message', (data) => heard.deltas(JSON.parse(String(data)) as DeltasMessage))
  await new Promise((resolve) => socket.once('open', resolve))
}

/** How long a bare server's images take to come, ms, from the call to the last. */
async function images(url: string): Promise<number> {
  const count = Number(new URL(url).searchParams.get('count'))
  const socket = new WebSocket(url, { perMessageDeflate: false })
  await new Promise((resolve) => socket.once('open', resolve))
  const begunUs = nowUs()
  let left = count
  await new Promise<void>((resolve) => {
    socket.on('message', () => {
      left -= 1
      if (left === 0) resolve()
    })
    socket.send('go')
  })
  socket.terminate()
  return (nowUs() - begunUs) / 1000
}

process.on('message', async (raw) => {
  const word = command.parse(raw)
  const answer = (rest: object = {}) => process.send?.({ type: word.type, ...rest })
  switch (word.type) {
    case 'open':
      return answer({ readyMs: await open(word) })
    case 'images':
      return answer({ ms: await images(word.url) })
    case 'listen':
      return answer({ opened: await listen(word.url) })
    case 'measure':
      heard.latency = new LatencyCounts()
      heard.records = 0
      return answer()
    case 'report':
      return answer(heard.said)
    case 'books': {
      const books = [...heard.books].map(([market, { seq, checksum }]) => [market, seq, checksum])
      return answer({ books })
    }
    case 'close':
      for (const socket of sockets) {
        socket.removeAllListeners('close')
        socket.terminate()
      }
      return answer()
  }
})
process.on('disconnect', () => process.exit(0))
process.send?.({ type: 'ready' })
