import { wireCopyButtons } from './copy-button.ts'
import { FirstCalls } from './first-calls.ts'
import { pageKey } from './page-key.ts'
import { part } from './part.ts'
import { ShownBook } from './shown-book.ts'
import { noKey } from './shown-stand.ts'

wireCopyButtons()
void begin()

async function begin(): Promise<void> {
  const { ticker: drawn = '', since = '' } = part('shown').dataset
  const ticker = drawn === '' ? await anyTicker() : drawn
  if (ticker === null) return
  new ShownBook(ticker)
  new FirstCalls(ticker, since === '' ? null : Number(since) / 1000)
}

/** The server could name no market: what the key may read is asked instead. */
async function anyTicker(): Promise<string | null> {
  const made = await pageKey()
  const [first = null] = made.ok ? (made.key.markets ?? []) : []
  if (first !== null) {
    part('shown-title').textContent = first
    return first
  }
  part('feed').textContent = 'no book'
  part('why').hidden = false
  part('why').textContent = made.ok
    ? 'No market was traded lately: there is no book to show.'
    : noKey(made.code, made.message)
  return null
}
