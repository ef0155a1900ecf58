import type { WireTrade } from '#core/wire/trade'
import type { FollowedBook } from '../../../client/followed-book.ts'
import { LiveStream } from '../../../client/live.ts'
import type { StreamEvent } from '../../../client/stream-event.ts'
import { Ladder } from './ladder.ts'
import { part } from './part.ts'
import { TradeList } from './trade-list.ts'

const KEY = 'kalshibook-key'
const DEPTH = 12
const TRADES = 20
const KEY_NOTE = 'Kept in this tab alone, and sent to this host alone.'

const ticker = part('live').dataset['ticker'] ?? ''
const form = part<HTMLFormElement>('key-form')
const input = part<HTMLInputElement>('key')
const ladder = new Ladder(part('asks'), part('bids'), part('spread'), DEPTH)
const trades = new TradeList(part('trades'), TRADES)

let stream: LiveStream | null = null
let feed = 'healthy'
let dirty = false
/** Why it ended for good; null while it goes on. */
let ended: string | null = null

function begin(key: string): void {
  form.hidden = true
  part('forget').hidden = false
  stream?.close()
  ended = null
  feed = 'healthy'
  stream = new LiveStream({ url: location.origin, market: ticker, apiKey: key })
  stream.subscribe({ channels: ['book', 'trade', 'status'] })
  show('connecting', 'connecting')
  void follow(stream)
  void showPast(stream, key)
}

/** The trades before those that the stream tells. */
async function showPast(followed: LiveStream, key: string): Promise<void> {
  const path = `/v1/markets/${encodeURIComponent(ticker)}/trades?order=desc&limit=${TRADES}`
  const headers = { authorization: `Bearer ${key}` }
  const answer = await fetch(path, { headers }).catch(() => null)
  // A key may be for live books alone.
  if (answer === null || !answer.ok) return
  const { data } = (await answer.json()) as { readonly data: readonly WireTrade[] }
  if (followed === stream) trades.addPast(data)
}

function ask(note: string | null): void {
  stream?.close()
  stream = null
  sessionStorage.removeItem(KEY)
  form.hidden = false
  part('forget').hidden = true
  part('age').textContent = ''
  part('key-note').textContent = note ?? KEY_NOTE
}

async function follow(followed: LiveStream): Promise<void> {
  for await (const event of followed) {
    // Another key was given meanwhile.
    if (followed !== stream) return
    hear(event)
  }
}

function hear(event: StreamEvent): void {
  switch (event.type) {
    case 'heartbeat': {
      feed = event.feed
      const age = event.upstream_age_ms
      // A moment stays true when nothing comes any more; "90 ms ago" would not.
      part('age').textContent =
        age === null
          ? ''
          : `the exchange was last heard at ${new Date(Date.now() - age).toLocaleTimeString()}`
      break
    }
    case 'trade':
      trades.add(event)
      break
    case 'trade_gap':
      part('trade-note').textContent = 'some trades are missing'
      break
    case 'behind':
      if (event.trades > 0) part('trade-note').textContent = 'some trades were passed over'
      break
    case 'stopped':
      ended = event.message
      if (event.cause === 'unauthorized' || event.cause === 'key_revoked') ask(event.message)
      break
    default:
      break
  }
  if (dirty) return
  dirty = true
  requestAnimationFrame(draw)
}

function draw(): void {
  dirty = false
  const book = stream?.book(ticker) ?? null
  part('seq').textContent = book === null || book.seq === null ? '' : `seq ${book.seq}`
  const [state, text, why] = stateOf(book)
  show(state, text)
  part('why').textContent = why
  part('why').hidden = why === ''
  ladder.show(book?.view(DEPTH) ?? null, book === null || book.stale)
}

function show(state: string, text: string): void {
  const pill = part('feed')
  pill.className = `pill ${state}`
  pill.textContent = text
}

function stateOf(book: FollowedBook | null): [state: string, text: string, why: string] {
  if (ended !== null) return ['stopped', 'stopped', ended]
  if (book?.kind === 'closed') {
    return ['closed', 'closed', `The log of this market is over: ${book.endReason}.`]
  }
  if (book?.kind === 'unknown' && book.gap !== null) {
    const from = new Date(book.gap.from / 1000).toLocaleTimeString()
    return ['unknown', 'unknown', `No book is known since ${from}: ${book.gap.cause}.`]
  }
  if (stream === null) return ['connecting', 'not connected', '']
  if (book === null) return ['connecting', 'waiting for the book', '']
  if (book.stale) {
    const why = feed === 'down' ? 'the exchange does not reach us' : 'connecting again'
    return ['stale', 'stale', `Nobody vouches for this book now: ${why}.`]
  }
  return feed === 'healthy' ? ['live', 'live', ''] : ['degraded', feed, '']
}

form.addEventListener('submit', (event) => {
  event.preventDefault()
  const key = input.value.trim()
  if (key === '') return
  input.value = ''
  sessionStorage.setItem(KEY, key)
  begin(key)
})
part('forget').addEventListener('click', () => {
  ask(null)
  draw()
})

const kept = sessionStorage.getItem(KEY)
if (kept === null) ask(null)
else begin(kept)
